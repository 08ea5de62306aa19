import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { pass, SourceRig } from '../testing/source-rig.ts'
import type { KubeSourceOptions } from './kube-source.ts'

let rigs: SourceRig[] = []
function openRig(options?: Partial<KubeSourceOptions>): SourceRig {
  const rig = new SourceRig(options)
  rigs.push(rig)
  return rig
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
})
afterEach(async () => {
  await Promise.all(rigs.map(({ source }) => source.close()))
  rigs = []
  vi.useRealTimers()
})

describe('KubeSource without an API server', () => {
  test('an API server that is away for a moment is not worth a word', async () => {
    const rig = await openRig().start()
    rig.api.fault = () => ({ kind: 'lost' })
    rig.api.breakWatches()
    await pass(3_000)
    rig.api.fault = undefined
    await pass(10_000)
    expect(rig.noticed).toEqual([])
  })

  test('an outage is told once, not by each watch, and its end too', async () => {
    const rig = await openRig().start()
    rig.api.fault = () => ({ kind: 'lost' })
    rig.api.breakWatches()
    await pass(600_000)
    expect(rig.notices.get('API server')).toContain('what is known stays in use')
    rig.api.fault = undefined
    await pass(20_000)
    expect(rig.noticed.map(([subject, message]) => [subject, message !== undefined])).toEqual([
      ['API server', true],
      ['API server', false],
    ])
  })

  test('after an outage the first watch that is answered wakes all others', async () => {
    let drawn = 0
    const rig = await openRig({ random: () => (++drawn * 0.37) % 1 }).start()
    rig.api.fault = () => ({ kind: 'lost' })
    rig.api.breakWatches()
    await pass(600_000)
    rig.api.fault = undefined
    while (rig.api.watches('httproutes').length + rig.api.watches('secrets').length === 0) await pass(100)
    await pass(200)
    for (const plural of ['gateways', 'httproutes', 'secrets', 'services', 'endpointslices']) {
      expect(rig.api.watches(plural)).toHaveLength(1)
    }
  })

  test('one kind that the API server fails to serve is named', async () => {
    const rig = await openRig().start()
    rig.api.fault = ({ path }) => (path.endsWith('/gateways') ? { kind: 'answer', status: 503 } : undefined)
    rig.api.breakWatches()
    await pass(10_000)
    expect([...rig.notices.keys()]).toEqual(['Gateway'])
    expect(rig.notices.get('Gateway')).toContain('503')
  })
})
