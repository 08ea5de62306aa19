import { describe, expect, test } from 'vitest'
import type { GatewayInfra } from './ir/infra.ts'
import { createMetrics } from './lib/metrics.ts'
import { err, ok, type Result } from './lib/result.ts'
import { proxyLogin } from './proxy-login.ts'
import { testInfra } from './testing/fleet-golden.ts'
import type { ReviewFailure, TokenOwner } from './watch/token-review.ts'
import type { ProxyIdentity } from './xds/authenticate.ts'

const gateways = new Map<string, GatewayInfra>([
  ['infra/edge', testInfra({ namespace: 'infra', name: 'edge' })],
  ['other/edge', testInfra({ namespace: 'other', name: 'edge' })],
  ['infra/web', testInfra({ namespace: 'infra', name: 'web' })],
])

async function identity(owner: TokenOwner): Promise<ProxyIdentity> {
  const reviewer = { review: () => Promise.resolve(ok(owner)) }
  const infraOf = (gateway: string) => gateways.get(gateway)
  const result = await proxyLogin({ reviewer, infraOf, metrics: createMetrics() })({ token: 'x', peer: '10.0.0.1' })
  if (!result.ok) throw new Error(result.error.message)
  return result.value
}

describe('a proxy', () => {
  test('may run the Gateway that its service account was made for, and no other', async () => {
    const proxy = await identity({ namespace: 'infra', name: 'edge-fairlead', pod: 'edge-0' })
    const asked = ['infra/edge', 'other/edge', 'infra/web', 'infra/none']
    expect(asked.filter((gateway) => proxy.mayRun(gateway))).toEqual(['infra/edge'])
    expect(proxy).toMatchObject({ name: 'service account infra/edge-fairlead', nodeId: 'infra/edge-0' })
  })

  test('may run a Gateway that comes after its login', async () => {
    const proxy = await identity({ namespace: 'infra', name: 'late-fairlead' })
    expect(proxy.mayRun('infra/late')).toBe(false)
    gateways.set('infra/late', testInfra({ namespace: 'infra', name: 'late' }))
    expect(proxy.mayRun('infra/late')).toBe(true)
    expect(proxy.nodeId).toBeUndefined()
  })

  test('with another service account may run nothing', async () => {
    const proxy = await identity({ namespace: 'infra', name: 'default' })
    expect([...gateways.keys()].filter((gateway) => proxy.mayRun(gateway))).toEqual([])
  })
})

describe('a login', () => {
  test.each([
    ['whose token is bad', err({ kind: 'invalid', message: 'no' } as const), 'x', 'UNAUTHENTICATED', 'no'],
    ['that cannot be checked', err({ kind: 'unavailable', message: 'later' } as const), 'x', 'UNAVAILABLE', 'later'],
    ['without a token', ok({ namespace: 'a', name: 'b' }), undefined, 'UNAUTHENTICATED', 'there is no token'],
  ])('%s is refused', async (_title, review, token, code, message) => {
    const metrics = createMetrics()
    const reviewer = { review: () => Promise.resolve<Result<TokenOwner, ReviewFailure>>(review) }
    const refused = await proxyLogin({ reviewer, infraOf: () => undefined, metrics })({ token, peer: '10.0.0.1' })
    expect(refused).toMatchObject({ ok: false, error: { code, message: expect.stringContaining(message) } })
    const result = code === 'UNAVAILABLE' ? 'unavailable' : 'invalid'
    expect(await metrics.render()).toContain(`fairlead_xds_logins_total{result="${result}"} 1`)
  })
})
