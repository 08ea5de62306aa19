import { describe, expect, test } from 'vitest'
import { revisionOf } from '../../ir/infra.ts'
import { gatewayKey } from '../../ir/names.ts'
import { mustParse, pipelineRig } from '../../testing/pipeline-rig.ts'
import { type Refusal, refusalKey } from '../contract.ts'

const gatewayApi = 'gateway.networking.k8s.io/v1'
const gateway = gatewayKey('default', 'gw')

function rig() {
  const made = pipelineRig({ settings: { delivery: 'live' } })
  const controllerName = 'fairlead.dev/gateway-controller'
  made.set(
    mustParse({ apiVersion: gatewayApi, kind: 'GatewayClass', metadata: { name: 'c' }, spec: { controllerName } }),
  )
  const listeners = [{ name: 'http', port: 80, protocol: 'HTTP' }]
  const spec = { gatewayClassName: 'c', listeners }
  made.set(mustParse({ apiVersion: gatewayApi, kind: 'Gateway', metadata: { name: 'gw' }, spec }))
  const rules = [{ matches: [{ path: { type: 'PathPrefix', value: '/' } }] }]
  const route = { parentRefs: [{ name: 'gw' }], hostnames: ['a.com'], rules }
  made.set(mustParse({ apiVersion: gatewayApi, kind: 'HTTPRoute', metadata: { name: 'r' }, spec: route }))
  const status = (key: string) => {
    made.graph.flush()
    return JSON.stringify(made.outputs.statuses.get(key)?.status)
  }
  const refuse = (refusal: Pick<Refusal, 'type' | 'name' | 'message' | 'origins'>) =>
    made.refusals.set(refusalKey(gateway, refusal.type, refusal.name), { gateway, version: 'v', ...refusal })
  return { ...made, status, refuse }
}

describe('refusals of a proxy', () => {
  test('end at the route that the refused scope was made from and go when the refusal goes', () => {
    const { refuse, status, refusals } = rig()
    const origins = ['HTTPRoute/default/r']
    refuse({ type: 'scoped-route', name: '80|a.com', message: 'bad regex', origins })
    expect(status('HTTPRoute/default/r')).toContain('keeps the last good one: scoped-route 80|a.com: bad regex')
    refusals.delete(refusalKey(gateway, 'scoped-route', '80|a.com'))
    expect(status('HTTPRoute/default/r')).not.toContain('RefusedByProxy')
  })

  test('of a listener make the Gateway and that listener not programmed, with the words of the proxy', () => {
    const { deliveries, refuse, status } = rig()
    deliveries.set(gateway, { connected: 1, synced: true, revision: revisionOf({ generation: 0 }) })
    expect(status('Gateway/default/gw')).toContain('every connected proxy serves it')
    const message = "cannot bind '127.0.0.1:80': Address already in use"
    refuse({ type: 'listener', name: 'default/gw/80', message, origins: [] })
    const after = status('Gateway/default/gw')
    expect(after.split(message)).toHaveLength(3)
    expect(after).not.toContain('every connected proxy serves it')
  })

  test('before a proxy is connected nothing is programmed', () => {
    expect(rig().status('Gateway/default/gw')).toContain('no proxy is connected yet')
  })

  test('many are counted rather than listed', () => {
    const { refuse, status } = rig()
    for (let index = 0; index < 8; index += 1) {
      refuse({ type: 'cluster', name: `default/s${index}/80`, message: 'bad', origins: [] })
    }
    expect(status('Gateway/default/gw')).toContain('and 3 more')
  })
})
