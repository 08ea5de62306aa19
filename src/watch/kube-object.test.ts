import { describe, expect, test } from 'vitest'
import { findKind } from '../api/kinds.ts'
import { must } from '../lib/assert.ts'
import { readObject } from './kube-object.ts'

const metadata = { name: 'one', namespace: 'shop', uid: 'u', resourceVersion: '1' }

function read(kind: string, content: object) {
  const { parsed } = readObject(must(findKind(kind), kind), { metadata, ...content })
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error))
  return parsed.value
}

describe('what is kept of an object', () => {
  test('a ConfigMap costs no more than parameters do', () => {
    const many = Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`key${index}`, '1']))
    const data = { concurrency: '2', long: 'x'.repeat(500_000), ...many }
    const object = read('ConfigMap', { data, binaryData: { bytes: 'AAAA'.repeat(100_000) } })
    expect(object).toMatchObject({ data: { concurrency: '2' } })
    expect(JSON.stringify(object).length).toBeLessThan(2000)
  })

  test('of a Secret that is no certificate nothing is kept but its type', () => {
    const object = read('Secret', { type: 'Opaque', data: { password: 'c2VjcmV0' } })
    expect(object).toMatchObject({ type: 'Opaque' })
    expect(JSON.stringify(object)).not.toContain('c2VjcmV0')
  })
})
