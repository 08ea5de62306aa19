/** Listeners that come and go under routes that stay (GatewayModifyListeners, GatewayObservedGenerationBump). */
import { beforeEach, describe, expect, test } from 'vitest'
import { baseObjects } from '../testing/golden.ts'
import { mustParse, type PipelineRig, pipelineRig } from '../testing/pipeline-rig.ts'

const apiVersion = 'gateway.networking.k8s.io/v1'
const https = {
  name: 'https',
  port: 443,
  protocol: 'HTTPS',
  hostname: 'a.com',
  tls: { certificateRefs: [{ name: 'cert' }] },
}
const http = { name: 'http', port: 80, protocol: 'HTTP', hostname: 'data.test.com' }

let rig: PipelineRig

function setGateway(generation: number, listeners: readonly object[]): void {
  const metadata = { name: 'gw', generation }
  rig.set(mustParse({ apiVersion, kind: 'Gateway', metadata, spec: { gatewayClassName: 'fairlead', listeners } }))
  rig.graph.flush()
}

function statusOf(key: string) {
  return rig.outputs.statuses.get(key)?.status
}

/** `<listener> <attached routes>`, in order. */
function attached(): readonly string[] {
  const listeners: unknown = statusOf('Gateway/default/gw')?.listeners
  return (Array.isArray(listeners) ? listeners : []).map(({ name, attachedRoutes }) => `${name} ${attachedRoutes}`)
}

function resources(): readonly string[] {
  return [...rig.outputs.resources.keys()].map((key) => key.replace('default/gw|', '')).sort()
}

beforeEach(() => {
  rig = pipelineRig()
  for (const object of baseObjects()) rig.set(object)
  const spec = { parentRefs: [{ name: 'gw' }], rules: [{ backendRefs: [{ name: 'a', port: 80 }] }] }
  rig.set(mustParse({ apiVersion, kind: 'HTTPRoute', metadata: { name: 'r', generation: 3 }, spec }))
})

describe('a route without a sectionName', () => {
  test('attaches to a listener that is added, and leaves one that is removed', () => {
    setGateway(1, [https])
    expect(attached()).toEqual(['https 1'])
    const before = resources()
    setGateway(2, [https, http])
    expect(attached()).toEqual(['https 1', 'http 1'])
    expect(resources()).toContain('scoped-route|80|data.test.com')
    setGateway(3, [https])
    expect(resources()).toEqual(before)
    expect(attached()).toEqual(['https 1'])
    setGateway(4, [http])
    expect(attached()).toEqual(['http 1'])
    expect(resources().some((key) => key.includes('443') || key.startsWith('secret'))).toBe(false)
  })
})

describe('observedGeneration', () => {
  test('of every condition of a Gateway and its listeners is that of the Gateway, of a route that of the route', () => {
    setGateway(7, [https, http])
    const generations = (value: unknown): unknown[] => {
      if (Array.isArray(value)) return value.flatMap(generations)
      if (typeof value !== 'object' || value === null) return []
      return Object.entries(value).flatMap(([field, inner]) =>
        field === 'observedGeneration' ? [inner] : generations(inner),
      )
    }
    expect(new Set(generations(statusOf('Gateway/default/gw')))).toEqual(new Set([7]))
    expect(new Set(generations(statusOf('HTTPRoute/default/r')))).toEqual(new Set([3]))
  })
})
