import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DirectoryWatch, type WatchEvent } from './directory-watch.ts'

let root = ''
let watch: DirectoryWatch
let events: WatchEvent[] = []
let wake: () => void = () => {}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fairlead-watch-'))
  events = []
  watch = new DirectoryWatch((event) => {
    events.push(event)
    wake()
  })
})
afterEach(() => {
  watch.close()
  rmSync(root, { recursive: true, force: true })
})

async function until(isSeen: (event: WatchEvent) => boolean): Promise<void> {
  while (!events.some(isSeen)) {
    await new Promise<void>((resolve) => {
      wake = resolve
    })
  }
}

describe('DirectoryWatch', () => {
  test('names the entry that changed', async () => {
    watch.add(root)
    writeFileSync(join(root, 'a'), 'x')
    await until((event) => event.kind === 'entry' && event.path === join(root, 'a'))
    expect(events.every((event) => event.kind === 'entry')).toBe(true)
  })

  test('watches a directory once, however often it is added', async () => {
    watch.add(root)
    watch.add(root)
    expect(watch.directories()).toEqual([root])
  })

  test('is silent about a directory that was removed', async () => {
    const other = mkdtempSync(join(tmpdir(), 'fairlead-watch-'))
    watch.add(root)
    watch.add(other)
    watch.remove(root)
    writeFileSync(join(root, 'a'), 'x')
    writeFileSync(join(other, 'b'), 'x')
    await until((event) => event.path === join(other, 'b'))
    rmSync(other, { recursive: true })
    expect(events.some((event) => event.path.startsWith(root))).toBe(false)
  })

  test('tells that it cannot watch', () => {
    watch.add(join(root, 'missing'))
    expect(events).toMatchObject([{ kind: 'failed', path: join(root, 'missing') }])
    expect(watch.directories()).toEqual([])
  })
})
