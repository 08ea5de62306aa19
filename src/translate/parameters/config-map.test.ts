import { describe, expect, test } from 'vitest'
import type { ConfigMap } from '../../api/core.ts'
import { baseObjects } from '../../testing/golden.ts'
import { mustParse, pipelineRig } from '../../testing/pipeline-rig.ts'
import { parametersOf } from './config-map.ts'

const configMap = (data: Readonly<Record<string, string>>): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'one', namespace: 'shop', generation: 1 },
  data,
})

test('of very many mistakes the first are told, and their number', () => {
  const data = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`key${index}`, '1']))
  const parsed = parametersOf(configMap(data))
  expect(parsed.ok ? [] : parsed.error).toHaveLength(6)
  expect(parsed).toMatchObject({ error: expect.arrayContaining(['and 995 more']) })
})

test('a value is quoted as far as it can be read', () => {
  const parsed = parametersOf(configMap({ concurrency: `${'9'.repeat(99)}\u{1f600}${'9'.repeat(100_000)}` }))
  const [message = ''] = parsed.ok ? [] : parsed.error
  expect(message).toContain('is not a whole number from 1 to 256')
  expect(message.length).toBeLessThan(250)
  expect(message.isWellFormed()).toBe(true)
})

describe('a value that cannot be used', () => {
  const counts = ['concurrency', 'connectionPool.maxConnections', 'connectionPool.maxRequestsPerConnection']
  const countKeys = [...counts, 'outlierDetection.consecutive5xxErrors']
  const badCounts = ['0', '-1', '1.5', '1e3', '', 'many', '2147483648']
  const durationKeys = ['outlierDetection.interval', 'outlierDetection.baseEjectionTime']
  const badDurations = ['0s', '-1s', '10', '', 'soon', '1d']

  test.each([
    ...countKeys.flatMap((key) => badCounts.map((text) => [key, text] as const)),
    ...durationKeys.flatMap((key) => badDurations.map((text) => [key, text] as const)),
    ['connectionPool.h2UpgradePolicy', 'always'] as const,
    ['concurrency', '257'] as const,
  ])('%s: "%s" makes the Gateway not accepted, which names key and value (InvalidParameters)', (key, text) => {
    const message = refusalOf({ [key]: text })
    expect(message).toContain(key)
    expect(message).toContain(`"${text}"`)
  })

  test('others keep their limits: the largest that there are, spaces around', () => {
    const largest = { concurrency: '256', 'connectionPool.maxConnections': ' 2147483647\n' }
    expect(refusalOf({ ...largest, 'outlierDetection.interval': '1ms' })).toBeUndefined()
  })
})

/** What the status says of a Gateway with these parameters; undefined when it is accepted. */
function refusalOf(data: Readonly<Record<string, string>>): string | undefined {
  const rig = pipelineRig()
  for (const object of baseObjects()) rig.set(object)
  const parametersRef = { group: '', kind: 'ConfigMap', name: 'one' }
  const spec = {
    gatewayClassName: 'fairlead',
    infrastructure: { parametersRef },
    listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }],
  }
  const metadata = { name: 'edge', namespace: 'shop' }
  rig.set(mustParse({ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', metadata, spec }))
  rig.set(configMap(data))
  rig.graph.flush()
  const conditions: unknown = rig.outputs.statuses.get('Gateway/shop/edge')?.status.conditions
  const all: readonly Readonly<Record<string, unknown>>[] = Array.isArray(conditions) ? conditions : []
  const refusal = all.find(({ type, reason }) => type === 'Accepted' && reason === 'InvalidParameters')
  return refusal && String(refusal.message)
}
