import { describe, expect, test } from 'vitest'
import { parsePage } from './watch-event.ts'

describe('parsePage', () => {
  test('a list of metadata without objects has null for its items', () => {
    const answer = { kind: 'PartialObjectMetadataList', metadata: { resourceVersion: '7' }, items: null }
    expect(parsePage(answer)).toEqual({ items: [], version: '7', next: undefined })
  })

  test.each([{ kind: 'Status' }, { metadata: { resourceVersion: '7' }, items: {} }, 'text'])(
    '%j is no list',
    (answer) => {
      expect(parsePage(answer)).toBeUndefined()
    },
  )
})
