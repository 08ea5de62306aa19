import { describe, expect, test, vi } from 'vitest'
import { openRig, pass, route, settle, useReflectorRigs } from '../testing/reflector-rig.ts'

useReflectorRigs()

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
    // Where nothing ever happened a server has nothing to bookmark: an operator must not be told of it.
    expect(rig.states.every(({ kind }) => kind === 'synced')).toBe(true)
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
