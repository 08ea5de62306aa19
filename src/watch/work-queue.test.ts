import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createLogger, silentLogger } from '../lib/logger.ts'
import { type Verdict, WorkQueue } from './work-queue.ts'

/** A queue whose work ends when the test says so. */
class Rig {
  readonly begun: string[] = []
  readonly #ends = new Map<string, (verdict: Verdict) => void>()
  readonly queue: WorkQueue
  most = 0

  constructor(concurrency = 2) {
    this.queue = new WorkQueue({
      work: (key) => {
        this.begun.push(key)
        return new Promise((resolve) => {
          this.#ends.set(key, resolve)
          this.most = Math.max(this.most, this.#ends.size)
        })
      },
      isUrgent: (key) => key.startsWith('!'),
      concurrency,
      logger: silentLogger(),
      random: () => 0.5,
    })
    this.queue.start()
  }

  async end(key: string, verdict: Verdict = { kind: 'done' }): Promise<void> {
    const end = this.#ends.get(key)
    if (end === undefined) throw new Error(`${key} is not worked on`)
    this.#ends.delete(key)
    end(verdict)
    await vi.advanceTimersByTimeAsync(0)
  }
}

const failed: Verdict = { kind: 'failed', everywhere: false }
const down: Verdict = { kind: 'failed', everywhere: true }

describe('WorkQueue', () => {
  let rig: Rig
  beforeEach(() => {
    vi.useFakeTimers()
    rig = new Rig()
  })
  afterEach(() => {
    vi.useRealTimers()
  })
  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)
  const add = async (...keys: string[]) => {
    for (const key of keys) rig.queue.add(key)
    await pass(0)
  }

  test('works on few at once, urgent ones first, then in the order in which they came', async () => {
    await add('a', 'b', '!c', 'd')
    expect(rig.begun).toEqual(['!c', 'a'])
    await add('!e')
    await rig.end('a')
    await rig.end('!c')
    expect(rig.begun).toEqual(['!c', 'a', '!e', 'b'])
    expect(rig.most).toBe(2)
  })

  test('a key that is added while it is worked on is worked on again, once and not beside itself', async () => {
    await add('a')
    await add('a', 'a', 'a')
    expect(rig.begun).toEqual(['a'])
    await rig.end('a')
    await rig.end('a')
    expect(rig.begun).toEqual(['a', 'a'])
    expect(rig.queue.pending()).toBe(0)
  })

  test('"later" waits for the time, or for the key to be added', async () => {
    await add('a', 'b')
    await rig.end('a', { kind: 'later', afterMs: 1000 })
    await rig.end('b', { kind: 'later', afterMs: 1000 })
    await add('b')
    expect(rig.begun).toEqual(['a', 'b', 'b'])
    expect(rig.queue.pending()).toBe(2)
    await pass(1000)
    expect(rig.begun).toEqual(['a', 'b', 'b', 'a'])
  })

  test('"refused" waits for the time, or for the key to be added as fresh, and is idle', async () => {
    await add('a')
    await rig.end('a', { kind: 'refused', afterMs: 1000 })
    await rig.queue.idle()
    await add('a')
    expect(rig.begun).toEqual(['a'])
    rig.queue.add('a', true)
    await pass(0)
    expect(rig.begun).toEqual(['a', 'a'])
    rig.queue.add('a', true)
    await rig.end('a', { kind: 'refused', afterMs: 1000 })
    expect(rig.begun).toEqual(['a', 'a', 'a'])
    await rig.end('a', { kind: 'refused', afterMs: 1000 })
    await pass(1000)
    expect(rig.begun).toHaveLength(4)
  })

  test('"failed" waits twice as long each time, whatever is added, and not after a success', async () => {
    const waits: number[] = []
    await add('a')
    for (let failures = 0; failures < 12; failures++) {
      await rig.end('a', failed)
      rig.queue.add('a', true)
      const begun = rig.begun.length
      let waitedMs = 0
      for (; rig.begun.length === begun; waitedMs += 75) await pass(75)
      waits.push(waitedMs)
    }
    expect(waits).toEqual([75, 150, 300, 600, 1200, 2400, 4800, 9600, 19_200, 22_500, 22_500, 22_500])
    await rig.end('a')
    await add('a')
    await rig.end('a', failed)
    await pass(75)
    expect(rig.begun).toHaveLength(15)
  })

  test('when others would fail, too, one alone tries until something works', async () => {
    await add('a', 'b', 'c', 'd')
    await rig.end('a', down)
    await rig.end('b', down)
    expect(rig.begun).toEqual(['a', 'b'])
    await pass(75)
    expect(rig.begun).toEqual(['a', 'b', 'c'])
    await rig.end('c', down)
    await pass(149)
    expect(rig.begun).toHaveLength(3)
    await pass(1)
    expect(rig.begun).toHaveLength(4)
    await rig.end(rig.begun[3] ?? '')
    expect(rig.begun).toHaveLength(6)
  })

  test('waits at least as long as was asked for', async () => {
    await add('a')
    await rig.end('a', { ...down, afterMs: 5000 })
    await add('b')
    await pass(4999)
    expect(rig.begun).toEqual(['a'])
    await pass(1)
    expect(rig.begun).toHaveLength(2)
  })

  test('nothing begins after the stop, which ends with what is under way; the rest begins after the next start', async () => {
    await add('a', 'b', 'c')
    let isStopped = false
    const stopping = rig.queue.stop().then(() => {
      isStopped = true
    })
    await rig.end('a')
    expect(isStopped).toBe(false)
    await rig.end('b')
    await stopping
    expect(rig.begun).toEqual(['a', 'b'])
    rig.queue.start()
    await pass(0)
    expect(rig.begun).toEqual(['a', 'b', 'c'])
  })

  test('work that throws is logged with its key and tried again; others go on', async () => {
    const lines: string[] = []
    const begun: string[] = []
    const queue = new WorkQueue({
      work: (key) => {
        begun.push(key)
        return key === 'bad' && begun.length === 1
          ? Promise.reject(new Error('oops'))
          : Promise.resolve({ kind: 'done' })
      },
      isUrgent: () => false,
      concurrency: 1,
      logger: createLogger({ level: 'info', format: 'json', sink: { write: (line) => lines.push(line) } }),
    })
    queue.start()
    queue.add('bad')
    queue.add('good')
    await pass(100)
    expect(begun).toEqual(['bad', 'good', 'bad'])
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('"key":"bad"')
  })
})
