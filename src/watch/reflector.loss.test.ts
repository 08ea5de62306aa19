import { describe, expect, test, vi } from 'vitest'
import { silentLogger } from '../lib/logger.ts'
import { openRig, pass, type ReflectorRig, route, settle, useReflectorRigs } from '../testing/reflector-rig.ts'
import { KubeError } from './kube-client.ts'

useReflectorRigs()

describe('Reflector that would lose everything', () => {
  const fill = (rig: ReflectorRig, count: number) => {
    for (let i = 0; i < count; i++) rig.api.put(route(`r${i}`))
  }
  const empty = (rig: ReflectorRig, count: number) => {
    rig.api.breakWatches()
    for (let i = 0; i < count; i++) rig.api.remove('HTTPRoute', 'shop', `r${i}`)
    rig.api.compact()
  }

  test('a list with none of more than ten objects is believed when a second one 30 s later agrees', async () => {
    const logger = silentLogger()
    const warned = vi.spyOn(logger, 'warn')
    const rig = openRig({ logger })
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
    expect(warned.mock.calls.map(([facts]) => facts)).toMatchObject([{ kept: 11 }, { lost: 11 }])
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
