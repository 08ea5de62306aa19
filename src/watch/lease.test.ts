import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createLogger } from '../lib/logger.ts'
import { FakeApi } from './fake-api.ts'
import { KubeError, type KubeRequest } from './kube-client.ts'
import { LeaseHolder } from './lease.ts'

/** As a client whose server does not answer. */
async function unanswered({ timeoutMs = 30_000 }: KubeRequest): Promise<never> {
  await new Promise((resolve) => setTimeout(resolve, timeoutMs))
  throw new KubeError('no answer', { status: 0 })
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

describe('LeaseHolder', () => {
  let api: FakeApi
  /** Who writes, as each was told. */
  let writers: Set<string>
  let most: number
  let holders: LeaseHolder[]
  let lines: string[]
  beforeEach(() => {
    vi.useFakeTimers()
    api = new FakeApi()
    writers = new Set()
    most = 0
    holders = []
    lines = []
  })
  afterEach(async () => {
    await Promise.all(holders.map((holder) => holder.stop()))
    vi.useRealTimers()
  })

  /** `isCutOff` breaks the connections of this one alone. */
  function start(identity: string, isCutOff: () => boolean = () => false): LeaseHolder {
    const holder = new LeaseHolder({
      client: {
        send: (request) => (isCutOff() ? unanswered(request) : api.send(request)),
        open: (request) => api.open(request),
        close: () => Promise.resolve(),
      },
      namespace: 'fairlead-system',
      name: 'fairlead',
      identity,
      onHeld: () => {
        writers.add(identity)
        most = Math.max(most, writers.size)
      },
      onLost: () => writers.delete(identity),
      logger: createLogger({ level: 'info', format: 'json', sink: { write: (line) => lines.push(line) } }),
    })
    holders.push(holder)
    holder.start()
    return holder
  }
  /** As a process that ends: it writes nothing, and then gives the lease back. */
  const end = async (holder: LeaseHolder, identity: string) => {
    writers.delete(identity)
    await holder.stop()
  }
  const lease = () => api.get('Lease', 'fairlead-system', 'fairlead')?.spec

  test('the first to come writes at once', async () => {
    start('a')
    await pass(0)
    expect([...writers]).toEqual(['a'])
    expect(lease()).toMatchObject({ holderIdentity: 'a', leaseDurationSeconds: 15 })
  })

  test('who waits says once for whom', async () => {
    const first = start('a')
    await pass(0)
    const second = start('b')
    await pass(60_000)
    expect([first.isHeld, second.isHeld]).toEqual([true, false])
    const told = lines.filter((line) => line.includes('another control plane writes'))
    expect(told).toEqual([expect.stringContaining('"holder":"a"')])
  })

  test('of two that start together one writes, for as long as it lives', async () => {
    start('a')
    start('b')
    await pass(120_000)
    expect(writers.size).toBe(1)
    expect(most).toBe(1)
  })

  test('one that is stopped hands over within a second', async () => {
    const a = start('a')
    await pass(0)
    start('b')
    await pass(5000)
    await end(a, 'a')
    await pass(1000)
    expect([...writers]).toEqual(['b'])
    expect(lease()).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 })
  })

  test('one that is stopped while it takes the lease writes nothing, and gives it back', async () => {
    const answered = Promise.withResolvers<void>()
    api.fault = ({ method }) => (method === 'POST' ? { kind: 'slow', until: answered.promise } : undefined)
    const a = start('a')
    await pass(0)
    a.halt()
    answered.resolve()
    await a.stop()
    expect([...writers]).toEqual([])
    expect(lease()).toMatchObject({ holderIdentity: '' })
  })

  test('one that hangs writes no more before another one begins', async () => {
    let isCutOff = false
    start('a', () => isCutOff)
    await pass(0)
    start('b')
    await pass(4000)
    isCutOff = true
    await pass(20_000)
    expect([...writers]).toEqual(['b'])
    expect(most).toBe(1)
    isCutOff = false
    await pass(60_000)
    expect([...writers]).toEqual(['b'])
  })

  test('one that finds the lease taken from it writes no more at once', async () => {
    start('a')
    await pass(0)
    api.put({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'fairlead', namespace: 'fairlead-system' },
      spec: { holderIdentity: 'b', leaseDurationSeconds: 15, renewTime: '2026-03-01T12:00:00.000000Z' },
    })
    await pass(6000)
    expect([...writers]).toEqual([])
  })

  test('one that comes back under its name need not wait', async () => {
    api.put({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'fairlead', namespace: 'fairlead-system' },
      spec: { holderIdentity: 'a', leaseDurationSeconds: 15, renewTime: '2026-03-01T12:00:00.000000Z' },
    })
    start('a')
    await pass(0)
    expect([...writers]).toEqual(['a'])
  })

  test('a lease that nobody renews is taken after its duration, whatever its time says', async () => {
    api.put({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'fairlead', namespace: 'fairlead-system' },
      spec: { holderIdentity: 'gone', leaseDurationSeconds: 15, renewTime: '2099-01-01T00:00:00.000000Z' },
    })
    start('a')
    await pass(14_000)
    expect([...writers]).toEqual([])
    await pass(2000)
    expect([...writers]).toEqual(['a'])
  })

  test('a lease that somebody wrote for an hour is taken after a minute without renewal', async () => {
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'fairlead', namespace: 'fairlead-system' },
    }
    const spec = { leaseDurationSeconds: 3600, renewTime: '2099-01-01T00:00:00.000000Z' }
    api.put({ ...lease, spec: { ...spec, holderIdentity: 'typo' } })
    start('a')
    await pass(58_000)
    expect([...writers]).toEqual([])
    await pass(4000)
    expect([...writers]).toEqual(['a'])
  })

  test('an API server that is away for a moment takes nothing from anybody', async () => {
    start('a')
    await pass(0)
    const lost = vi.fn()
    api.fault = () => ({ kind: 'lost' })
    await pass(5000)
    lost([...writers])
    api.fault = undefined
    await pass(10_000)
    expect(lost).toHaveBeenCalledWith(['a'])
    expect([...writers]).toEqual(['a'])
  })

  test('who writes no more says what it failed of, and no more once it writes again', async () => {
    const holder = start('a')
    await pass(0)
    api.fault = () => ({ kind: 'answer', status: 401, message: 'Unauthorized' })
    await pass(5000)
    expect(holder.problem).toBeUndefined()
    await pass(20_000)
    expect(holder.problem).toMatch(/cannot be had: Unauthorized$/)
    expect(lines.filter((line) => line.includes('"reason":"Unauthorized"'))).toHaveLength(1)
    api.fault = undefined
    await pass(20_000)
    expect(holder.problem).toBeUndefined()
    expect([...writers]).toEqual(['a'])
  })

  test('who waits for another has no problem', async () => {
    start('a')
    await pass(0)
    const second = start('b')
    await pass(30_000)
    expect(second.problem).toBeUndefined()
  })

  test('without the right to it, everybody writes', async () => {
    for (const verb of ['get', 'create', 'update']) api.forbid(verb, 'leases')
    start('a')
    start('b')
    await pass(0)
    expect([...writers]).toEqual(['a', 'b'])
  })
})
