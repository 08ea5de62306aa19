import { expect, test } from 'vitest'
import type { GatewayParametersSpec } from '../../api/own.ts'
import { compileParameters, overlay } from './compile.ts'

test("a Gateway's parameters win over those of its class field by field, and leave it the rest", () => {
  const ofClass: GatewayParametersSpec = {
    replicas: 2,
    concurrency: 4,
    resources: { requests: { cpu: '1' }, limits: { cpu: '2' } },
    placement: { nodeSelector: { disk: 'ssd' }, priorityClassName: 'high' },
    service: { type: 'NodePort', annotations: { 'example.com/a': 'class' }, ipFamilyPolicy: 'SingleStack' },
    upstream: {
      connectionPool: { maxConnections: 10, h2UpgradePolicy: 'upgrade' },
      outlierDetection: { consecutive5xxErrors: 3 },
    },
  }
  const own: GatewayParametersSpec = {
    replicas: 3,
    resources: { limits: { memory: '1Gi' } },
    placement: { nodeSelector: { disk: 'hdd' } },
    service: { type: 'ClusterIP', annotations: { 'example.com/b': 'gateway' } },
    upstream: { connectionPool: { maxConnections: 20 }, outlierDetection: { interval: '5s' } },
  }
  const compiled = compileParameters(overlay(ofClass, own))
  expect(compiled).toEqual({
    ok: true,
    value: {
      workload: 'Deployment',
      replicas: 3,
      concurrency: 4,
      resources: { limits: { memory: '1Gi' } },
      placement: { nodeSelector: { disk: 'hdd' }, priorityClassName: 'high' },
      service: { type: 'ClusterIP', annotations: { 'example.com/b': 'gateway' }, ipFamilyPolicy: 'SingleStack' },
      upstream: {
        maxConnections: 20,
        h2UpgradePolicy: 'upgrade',
        outlierDetection: { consecutive5xxErrors: 3, intervalMs: 5_000 },
      },
    },
  })
})
