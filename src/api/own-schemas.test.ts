import { describe, expect, test } from 'vitest'
import { parseObject } from './parse.ts'

function problemsOf(spec: unknown): readonly string[] {
  const parsed = parseObject({
    apiVersion: 'fairlead.dev/v1alpha1',
    kind: 'GatewayParameters',
    metadata: { name: 'p', namespace: 'a' },
    spec,
  })
  return parsed.ok ? [] : parsed.error.map(({ field }) => field)
}

describe('GatewayParameters', () => {
  test('takes every field, and fields of pods as they are', () => {
    const spec = {
      workload: 'Deployment',
      replicas: 3,
      concurrency: 2,
      image: 'example.com/envoy:v1.40.0',
      resources: { requests: { cpu: 1, memory: '64Mi' }, limits: { memory: '1Gi' } },
      drainSeconds: 30,
      placement: {
        nodeSelector: { disk: 'ssd' },
        tolerations: [{ key: 'edge', operator: 'Exists', tolerationSeconds: 60 }],
        affinity: { podAntiAffinity: {} },
        topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }],
        priorityClassName: 'high',
      },
      service: {
        type: 'LoadBalancer',
        annotations: { 'example.com/a': 'b' },
        externalTrafficPolicy: 'Local',
        ipFamilyPolicy: 'SingleStack',
        loadBalancerClass: 'example.com/lb',
        loadBalancerSourceRanges: ['10.0.0.0/8'],
      },
      upstream: {
        connectionPool: { maxRequestsPerConnection: 1, maxConnections: 2, h2UpgradePolicy: 'upgrade' },
        outlierDetection: { consecutive5xxErrors: 5, interval: '30s', baseEjectionTime: '1m30s' },
      },
    }
    expect(problemsOf(spec)).toEqual([])
    expect(problemsOf({})).toEqual([])
  })

  test.each([
    [{ replicas: -1 }, 'spec.replicas'],
    [{ concurrency: 0 }, 'spec.concurrency'],
    [{ workload: 'StatefulSet' }, 'spec.workload'],
    [{ service: { type: 'ExternalName' } }, 'spec.service.type'],
    [{ upstream: { outlierDetection: { interval: '5 minutes' } } }, 'spec.upstream.outlierDetection.interval'],
    [{ upstream: { connectionPool: { maxConnections: 0 } } }, 'spec.upstream.connectionPool.maxConnections'],
    [{ hostNetwork: true }, 'spec.hostNetwork'],
    [undefined, 'spec'],
  ])('refuses %j', (spec, field) => {
    expect(problemsOf(spec)).toEqual([field])
  })
})
