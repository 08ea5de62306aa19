import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { silentLogger } from '../lib/logger.ts'
import { FakeApi } from './fake-api.ts'
import { KubeError } from './kube-client.ts'
import { Reflector, type ReflectorOptions, type ReflectorState } from './reflector.ts'

const path = '/apis/gateway.networking.k8s.io/v1/httproutes'

function route(name: string, hostname = 'a.com') {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name, namespace: 'shop' },
    spec: { hostnames: [hostname] },
  }
}

/** A reflector of HTTPRoutes and everything that it told. */
class Rig {
  readonly api = new FakeApi()
  readonly states: ReflectorState[] = []
  readonly told: string[] = []
  readonly lists: string[] = []
  readonly copy = new Map<string, unknown>()
  readonly reflector: Reflector

  constructor(options: Partial<ReflectorOptions> = {}) {
    this.reflector = new Reflector({
      client: this.api,
      path,
      logger: silentLogger(),
      random: () => 1,
      sink: {
        upsert: (object) => {
          const key = `${object.metadata.namespace}/${object.metadata.name}`
          this.told.push(`set ${key}`)
          this.copy.set(key, object.spec)
        },
        remove: (key) => {
          this.told.push(`remove ${key}`)
          this.copy.delete(key)
        },
        state: (state) => this.states.push(state),
        listing: (reason) => this.lists.push(reason),
      },
      ...options,
    })
  }

  get state(): string | undefined {
    return this.states.at(-1)?.kind
  }

  get requests(): readonly string[] {
    return this.api.requests.map(({ query }) => (query?.watch === undefined ? 'list' : 'watch'))
  }

  async start(): Promise<this> {
    this.reflector.start()
    await settle()
    return this
  }
}

/** Lets everything happen that needs no time. */
async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0)
  for (let i = 0; i < 50; i++) await Promise.resolve()
}

const pass = async (ms: number) => {
  await vi.advanceTimersByTimeAsync(ms)
  await settle()
}

let rigs: Rig[] = []
function openRig(options?: Partial<ReflectorOptions>): Rig {
  const rig = new Rig(options)
  rigs.push(rig)
  return rig
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
})
afterEach(async () => {
  await Promise.all(rigs.map(({ reflector }) => reflector.close()))
  rigs = []
  vi.useRealTimers()
})

describe('Reflector', () => {
  test.each([true, false])('what is there and what comes is told once (streaming list: %s)', async (streams) => {
    const rig = openRig({ limits: { pageSize: 2 } })
    rig.api.servesStreamingLists = streams
    for (const name of ['a', 'b', 'c', 'd', 'e']) rig.api.put(route(name))
    await rig.start()
    expect(rig.state).toBe('synced')
    rig.api.put(route('a', 'b.com'))
    rig.api.put(route('f'))
    rig.api.remove('HTTPRoute', 'shop', 'b')
    await settle()
    expect(rig.told).toEqual([
      ...['a', 'b', 'c', 'd', 'e'].map((name) => `set shop/${name}`),
      'set shop/a',
      'set shop/f',
      'remove shop/b',
    ])
    expect(rig.requests).toEqual(streams ? ['watch'] : ['watch', 'list', 'list', 'list', 'watch'])
  })

  test('a chunk may end anywhere', async () => {
    const rig = openRig()
    rig.api.chunkBytes = 3
    rig.api.put(route('a', 'bücher.example ☃'))
    await rig.start()
    expect(rig.copy.get('shop/a')).toEqual({ hostnames: ['bücher.example ☃'] })
  })

  test('a watch that the server ends goes on where it was, bookmarks counted', async () => {
    const rig = await openRig().start()
    rig.api.put({ ...route('x'), kind: 'Gateway' })
    rig.api.bookmark()
    await settle()
    const { version } = rig.api.store
    await pass(50_000)
    rig.api.endWatches()
    await settle()
    expect(rig.api.requests.at(-1)?.query?.resourceVersion).toBe(String(version))
    expect(rig.lists).toEqual(['start'])
    rig.api.put(route('a'))
    await settle()
    expect(rig.told).toEqual(['set shop/a'])
  })

  test('what happened while the connection was broken is told once', async () => {
    const rig = openRig()
    rig.api.put(route('a'))
    rig.api.put(route('b'))
    await rig.start()
    rig.api.breakWatches()
    rig.api.remove('HTTPRoute', 'shop', 'a')
    rig.api.put(route('c'))
    await pass(1000)
    expect(rig.told.slice(2)).toEqual(['remove shop/a', 'set shop/c'])
    expect(rig.lists).toEqual(['start'])
  })

  test('410 lists again: what went meanwhile is removed, what did not change is not told', async () => {
    const rig = openRig()
    for (const name of ['a', 'b', 'c']) rig.api.put(route(name))
    await rig.start()
    rig.api.breakWatches()
    rig.api.remove('HTTPRoute', 'shop', 'a')
    rig.api.put(route('b', 'new.com'))
    rig.api.compact()
    await pass(2000)
    expect(rig.told.slice(3)).toEqual(['set shop/b', 'remove shop/a'])
    expect(rig.lists).toEqual(['start', 'expired'])
    expect(rig.state).toBe('synced')
  })

  test('an object that was deleted and made again while nobody looked is told as a new one', async () => {
    const rig = openRig()
    rig.api.put(route('a'))
    await rig.start()
    rig.api.breakWatches()
    rig.api.remove('HTTPRoute', 'shop', 'a')
    rig.api.put(route('a', 'other.com'))
    rig.api.compact()
    await pass(2000)
    expect(rig.copy.get('shop/a')).toEqual({ hostnames: ['other.com'] })
    expect(rig.told).toEqual(['set shop/a', 'set shop/a'])
  })

  test('a continue token that expired begins the list again and removes nothing', async () => {
    const rig = openRig({ limits: { pageSize: 2 } })
    rig.api.servesStreamingLists = false
    for (const name of ['a', 'b', 'c', 'd', 'e']) rig.api.put(route(name))
    rig.api.fault = ({ query }) => {
      if (query?.continue !== undefined && rig.requests.length < 5) rig.api.compact()
      return undefined
    }
    await rig.start()
    await pass(1000)
    expect([...rig.copy.keys()]).toHaveLength(5)
    expect(rig.told.filter((one) => one.startsWith('remove'))).toEqual([])
    expect(rig.state).toBe('synced')
  })

  test('a list that breaks off half-way begins again and removes nothing', async () => {
    const rig = openRig()
    for (let i = 0; i < 20; i++) rig.api.put(route(`r${i}`))
    await rig.start()
    rig.api.compact()
    rig.api.breakWatches()
    let opened = 0
    rig.api.fault = ({ query }) => {
      if (query?.sendInitialEvents !== undefined && opened++ === 0) queueMicrotask(() => rig.api.breakWatches())
      return undefined
    }
    await pass(5000)
    expect(rig.told.filter((one) => one.startsWith('remove'))).toEqual([])
    expect(rig.state).toBe('synced')
  })

  test('a silent watch is given up and goes on where it was', async () => {
    const rig = await openRig({ limits: { silenceMs: 100_000 } }).start()
    for (const watch of rig.api.watches()) watch.stream.setSilent(true)
    rig.api.put(route('a'))
    await pass(99_000)
    expect(rig.told).toEqual([])
    await pass(3000)
    expect(rig.told).toEqual(['set shop/a'])
    expect(rig.lists).toEqual(['start'])
  })

  test('bookmarks keep a quiet watch alive', async () => {
    const rig = await openRig({ limits: { silenceMs: 100_000 } }).start()
    for (let i = 0; i < 5; i++) {
      await pass(70_000)
      rig.api.bookmark()
    }
    expect(rig.requests).toEqual(['watch'])
  })

  test('a server that never ends a streaming list is asked for pages', async () => {
    const rig = openRig({ limits: { silenceMs: 1000 } })
    rig.api.put(route('a'))
    let opened = 0
    const open = rig.api.open.bind(rig.api)
    vi.spyOn(rig.api, 'open').mockImplementation(async (request) => {
      const stream = await open(request)
      if (opened++ === 0) for (const watch of rig.api.watches()) watch.stream.setSilent(true)
      return stream
    })
    await rig.start()
    await pass(3000)
    expect(rig.requests).toContain('list')
    expect(rig.state).toBe('synced')
  })

  test('a list that could not be streamed once is streamed the next time', async () => {
    const rig = openRig()
    rig.api.servesStreamingLists = false
    await rig.start()
    rig.api.servesStreamingLists = true
    rig.api.compact()
    rig.api.breakWatches()
    await pass(3000)
    expect(rig.requests).toEqual(['watch', 'list', 'watch', 'watch', 'watch'])
    expect(rig.api.requests.at(-1)?.query?.sendInitialEvents).toBe('true')
    expect(rig.state).toBe('synced')
  })

  test('versions that go back, as after a restored backup, list again', async () => {
    const rig = openRig()
    rig.api.put(route('a'))
    await rig.start()
    for (const watch of rig.api.watches()) watch.bookmark(7)
    await pass(1000)
    expect(rig.lists).toEqual(['start', 'reset'])
    expect(rig.state).toBe('synced')
  })

  test('a line that is no event lists again', async () => {
    const rig = await openRig().start()
    for (const watch of rig.api.watches()) watch.send('<html>502 Bad Gateway</html>\n')
    await pass(1000)
    expect(rig.lists).toEqual(['start', 'unreadable'])
    expect(rig.state).toBe('synced')
  })

  test('a server that asks for time gets it (Retry-After)', async () => {
    const rig = openRig()
    rig.api.fault = () => ({ kind: 'answer', status: 429, retryAfterMs: 7000 })
    await rig.start()
    expect(rig.requests).toHaveLength(1)
    await pass(6900)
    expect(rig.requests).toHaveLength(1)
    rig.api.fault = undefined
    await pass(1000)
    expect(rig.state).toBe('synced')
  })

  test.each([
    ['no connection', { kind: 'lost' }],
    ['503', { kind: 'answer', status: 503 }],
    ['500', { kind: 'answer', status: 500 }],
    ['403', { kind: 'answer', status: 403 }],
    ['404', { kind: 'answer', status: 404 }],
    ['410', { kind: 'answer', status: 410 }],
    ['422', { kind: 'answer', status: 422 }],
  ] as const)('ten minutes of %s are no tight loop', async (_, fault) => {
    const rig = openRig({ random: () => 0.5 })
    rig.api.fault = () => fault
    await rig.start()
    await pass(600_000)
    expect(rig.requests.length).toBeLessThan(200)
    rig.api.fault = undefined
    await pass(30_000)
    expect(rig.state).toBe('synced')
  })

  test('a server that ends each watch at once is not asked without pause', async () => {
    const rig = openRig({ random: () => 0.5 })
    rig.api.fault = () => {
      queueMicrotask(() => queueMicrotask(() => rig.api.endWatches()))
      return undefined
    }
    await rig.start()
    await pass(600_000)
    expect(rig.requests.length).toBeLessThan(200)
  })

  test('a slow server is waited for', async () => {
    const rig = openRig()
    rig.api.put(route('a'))
    let answer = (_: unknown) => {}
    const until = new Promise((resolve) => {
      answer = resolve
    })
    rig.api.fault = () => ({ kind: 'slow', until })
    await rig.start()
    expect(rig.states).toEqual([])
    answer(undefined)
    await settle()
    expect(rig.state).toBe('synced')
  })

  test('a collection that is not there is absent, and found when it comes', async () => {
    const rig = openRig()
    rig.api.removeCrd('HTTPRoute')
    await rig.start()
    expect(rig.state).toBe('absent')
    rig.api.installCrd('HTTPRoute')
    rig.api.put(route('a'))
    rig.reflector.poke()
    await settle()
    expect(rig.state).toBe('synced')
    expect(rig.told).toEqual(['set shop/a'])
  })

  test('nothing is told after close', async () => {
    const rig = await openRig().start()
    await rig.reflector.close()
    rig.api.put(route('a'))
    await pass(60_000)
    expect(rig.told).toEqual([])
    expect(rig.api.watches()).toEqual([])
  })

  test('a sink that throws is told again: no object is lost', async () => {
    let failures = 1
    const told: string[] = []
    const rig = openRig({
      sink: {
        upsert: ({ metadata }) => {
          if (failures-- > 0) throw new Error('a bug')
          told.push(metadata.name)
        },
        remove: () => {},
        state: () => {},
      },
    })
    rig.api.put(route('a'))
    await rig.start()
    await pass(1000)
    expect(told).toEqual(['a'])
  })
})

describe('Reflector that would lose everything', () => {
  const fill = (rig: Rig, count: number) => {
    for (let i = 0; i < count; i++) rig.api.put(route(`r${i}`))
  }
  const empty = (rig: Rig, count: number) => {
    rig.api.breakWatches()
    for (let i = 0; i < count; i++) rig.api.remove('HTTPRoute', 'shop', `r${i}`)
    rig.api.compact()
  }

  test('a list with none of more than ten objects is believed when a second one 30 s later agrees', async () => {
    const rig = openRig()
    fill(rig, 11)
    await rig.start()
    empty(rig, 11)
    await pass(3000)
    expect(rig.state).toBe('doubted')
    expect(rig.copy.size).toBe(11)
    await pass(26_000)
    expect(rig.copy.size).toBe(11)
    await pass(3000)
    expect(rig.copy.size).toBe(0)
    expect(rig.state).toBe('synced')
    expect(rig.told.filter((one) => one.startsWith('remove'))).toHaveLength(11)
  })

  test('a second list that has them removes nothing', async () => {
    const rig = openRig()
    fill(rig, 11)
    await rig.start()
    empty(rig, 11)
    await pass(3000)
    fill(rig, 11)
    await pass(60_000)
    expect(rig.copy.size).toBe(11)
    expect(rig.told.filter((one) => one.startsWith('remove'))).toEqual([])
    expect(rig.state).toBe('synced')
  })

  test('ten objects go at once', async () => {
    const rig = openRig()
    fill(rig, 10)
    await rig.start()
    empty(rig, 10)
    await pass(3000)
    expect(rig.copy.size).toBe(0)
  })

  test('a list that lost all but one is believed', async () => {
    const rig = openRig()
    fill(rig, 20)
    await rig.start()
    empty(rig, 19)
    await pass(3000)
    expect([...rig.copy.keys()]).toEqual(['shop/r19'])
  })

  test('objects that are deleted one by one go at once', async () => {
    const rig = openRig()
    fill(rig, 20)
    await rig.start()
    rig.api.removeCrd('HTTPRoute')
    await settle()
    expect(rig.copy.size).toBe(0)
  })

  test.each([404, 403])('%i keeps the objects until it still stands 30 s later', async (status) => {
    const rig = openRig({ random: () => 0.5 })
    fill(rig, 3)
    await rig.start()
    rig.api.fault = () => ({ kind: 'answer', status })
    rig.api.breakWatches()
    await pass(29_000)
    expect(rig.copy.size).toBe(3)
    await pass(5000)
    expect(rig.copy.size).toBe(0)
    rig.api.fault = undefined
    await pass(30_000)
    expect(rig.copy.size).toBe(3)
    expect(rig.state).toBe('synced')
  })

  test('403 that passes loses nothing', async () => {
    const rig = openRig()
    fill(rig, 3)
    await rig.start()
    rig.api.fault = () => ({ kind: 'answer', status: 403 })
    rig.api.breakWatches()
    await pass(5000)
    rig.api.fault = undefined
    await pass(60_000)
    expect(rig.told).toHaveLength(3)
    expect(rig.state).toBe('synced')
  })

  test('no answer never loses anything', async () => {
    const rig = openRig()
    fill(rig, 3)
    await rig.start()
    rig.api.fault = () => ({ kind: 'lost' })
    rig.api.breakWatches()
    await pass(600_000)
    expect(rig.copy.size).toBe(3)
    expect(rig.state).toBe('failing')
  })

  test('403 names the verbs that are lacking', async () => {
    const rig = openRig()
    rig.api.forbid('watch', 'httproutes')
    await rig.start()
    expect(rig.states.at(-1)).toMatchObject({ kind: 'refused', verbs: ['watch'], error: expect.any(KubeError) })
    rig.api.forbid('list', 'httproutes')
    await pass(30_000)
    expect(rig.states.at(-1)).toMatchObject({ kind: 'refused', verbs: ['list', 'watch'] })
  })
})

describe('Reflector of a big list', () => {
  test.each([true, false])('gives the event loop its turn (streaming list: %s)', async (streams) => {
    vi.useRealTimers()
    const rig = openRig()
    rig.api.servesStreamingLists = streams
    for (let i = 0; i < 400; i++) rig.api.put(route(`r${i}`))
    let nowMs = 0
    vi.spyOn(performance, 'now').mockImplementation(() => nowMs++)
    let turns = 0
    const count = () => {
      turns += 1
      if (rig.state !== 'synced') setImmediate(count)
    }
    rig.reflector.start()
    count()
    await vi.waitFor(() => expect(rig.state).toBe('synced'))
    expect(rig.copy.size).toBe(400)
    expect(turns).toBeGreaterThan(20)
  })
})
