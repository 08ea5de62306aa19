import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { kinds } from '../api/kinds.ts'
import { createLogger } from '../lib/logger.ts'
import { createMetrics } from '../lib/metrics.ts'
import { FakeApi } from './fake-api.ts'
import { KubeSource } from './kube-source.ts'
import { LiveObjects } from './live-objects.ts'

const route = (name: string) => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name, namespace: 'shop' },
  spec: {},
})

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('a bug that one object brings out harms no other, and is logged with its name', async () => {
  const api = new FakeApi()
  for (const name of ['a', 'b', 'c']) api.put(route(name))
  const told: string[] = []
  const lines: string[] = []
  const source = new KubeSource({
    client: api,
    kinds: kinds.filter(({ kind }) => kind === 'HTTPRoute'),
    live: new LiveObjects(),
    onObject: (_, key) => {
      if (key === 'HTTPRoute/shop/b') throw new Error('a bug')
      told.push(key)
    },
    onDelete: () => {},
    onNotice: () => {},
    onCrds: () => {},
    logger: createLogger({ level: 'error', format: 'json', sink: { write: (line) => lines.push(line) } }),
    metrics: createMetrics(),
  })
  source.start()
  await vi.advanceTimersByTimeAsync(1000)
  await source.synced
  expect(told).toEqual(['HTTPRoute/shop/a', 'HTTPRoute/shop/c'])
  expect(lines.filter((line) => line.includes('HTTPRoute/shop/b'))).toHaveLength(1)
  await source.close()
})
