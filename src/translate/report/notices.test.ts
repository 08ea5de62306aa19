import { describe, expect, test } from 'vitest'
import { mustParse, pipelineRig } from '../../testing/pipeline-rig.ts'
import type { TranslateSettings } from '../contract.ts'

const gatewayApi = 'gateway.networking.k8s.io/v1'
const cluster: Partial<TranslateSettings> = { platform: { kind: 'kubernetes', ipv6: false } }

/** What is said beside statuses where `infra/theirs` is of another controller and `infra/lost` of a class that is gone. */
function told(parentRef: object, settings?: Partial<TranslateSettings>): readonly string[] {
  const rig = pipelineRig({ settings })
  const add = (kind: string, metadata: object, spec: object) =>
    rig.set(mustParse({ apiVersion: gatewayApi, kind, metadata, spec }))
  add('GatewayClass', { name: 'ours' }, { controllerName: 'fairlead.dev/gateway-controller' })
  add('GatewayClass', { name: 'theirs' }, { controllerName: 'example.com/other' })
  for (const name of ['ours', 'theirs', 'lost']) {
    const listeners = [{ name: 'http', port: 80, protocol: 'HTTP' }]
    add('Gateway', { name, namespace: 'infra' }, { gatewayClassName: name, listeners })
  }
  add('HTTPRoute', { name: 'r', namespace: 'app' }, { parentRefs: [parentRef] })
  rig.graph.flush()
  const notices = [...rig.outputs.notices.entries()].map(([, notice]) => notice)
  return notices.map(({ object, field, message }) => `${object} ${field}: ${message}`).sort()
}

const lostGateway =
  'Gateway/infra/lost spec.gatewayClassName: there is no GatewayClass "lost", so nothing serves the Gateway; create it, or use "ours"'
const ofRoute = 'HTTPRoute/app/r spec.parentRefs[0]:'

describe('in a cluster', () => {
  test('Gateways of other controllers and their routes are the business of those', () => {
    expect(told({ name: 'theirs', namespace: 'infra' }, cluster)).toEqual([lostGateway])
  })

  test('a route of a Gateway whose class is gone is told so', () => {
    expect(told({ name: 'lost', namespace: 'infra' }, cluster)).toEqual([
      lostGateway,
      `${ofRoute} nothing here serves Gateway "infra/lost" (class "lost"), so the route does not attach to it; correct the Gateway's class, or name another`,
    ])
  })

  test('a forgotten namespace is asked for where a Gateway of that name is', () => {
    const start = 'so the route does not attach to it;'
    expect(told({ name: 'ours' }, cluster)).toContain(
      `${ofRoute} there is no Gateway "app/ours", ${start} did you mean namespace: infra?`,
    )
    expect(told({ name: 'theirs' }, cluster)).toContain(
      `${ofRoute} there is no Gateway "app/theirs", ${start} create it or correct name and namespace`,
    )
  })
})
