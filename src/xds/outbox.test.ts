import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Outbox, type UnreadTotal } from './outbox.ts'

const mebibyte = 1024 * 1024
beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function client(total: UnreadTotal = { bytes: 0 }) {
  const unread: (() => void)[] = []
  const said: (boolean | 'stuck')[] = []
  const outbox = new Outbox({
    write: (_bytes, done) => unread.push(done),
    total,
    timeoutMs: 1_000,
    onCongestion: (isCongested) => said.push(isCongested),
    onStuck: () => said.push('stuck'),
  })
  const send = (bytes: number) => outbox.send(Buffer.alloc(bytes))
  return { outbox, send, read: () => unread.shift()?.(), said, total }
}

describe('the outbox of a client', () => {
  test('is full at 4 MiB, and open again when half of that is read', () => {
    const { send, read, said } = client()
    for (let count = 0; count < 4; count++) send(mebibyte)
    expect(said).toEqual([])
    send(1)
    read()
    read()
    expect(said).toEqual([true])
    read()
    expect(said).toEqual([true, false])
  })

  test('is full at 256 KiB while all together leave 64 MiB unread', () => {
    const hungry = client({ bytes: 64 * mebibyte })
    hungry.send(mebibyte / 4)
    expect(hungry.said).toEqual([])
    hungry.send(1)
    expect(hungry.said).toEqual([true])
    hungry.read()
    expect(hungry.said).toEqual([true, false])
  })

  test('calls a client stuck that takes nothing for its time, not one that is slow', () => {
    const { send, read, said } = client()
    for (let count = 0; count < 5; count++) send(10)
    for (let count = 0; count < 4; count++) {
      vi.advanceTimersByTime(900)
      read()
    }
    expect(said).toEqual([])
    vi.advanceTimersByTime(1_000)
    expect(said).toEqual(['stuck'])
  })

  test('that ended leaves nothing behind', () => {
    const { outbox, send, read, said, total } = client()
    send(5 * mebibyte)
    outbox.end()
    send(10)
    read()
    vi.advanceTimersByTime(10_000)
    expect(total.bytes).toBe(0)
    expect(said).toEqual([true])
  })
})
