import { expect, test } from 'vitest'
import type { ConfigMap } from '../../api/core.ts'
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
