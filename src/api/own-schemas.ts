/** Schemas of our own kinds: the parser reads them, and tools/gen-crds.ts writes CustomResourceDefinitions from them. */
import type { MapSchema, ObjectSchema, Schema, StringSchema } from './schema.ts'

const text: StringSchema = { type: 'string', maxLength: 1024 }
const any: Schema = { type: 'any' }
const textMap: MapSchema = { type: 'map', values: { type: 'string' } }
const quantities: MapSchema = { type: 'map', values: { type: 'intOrString' } }
const positive: Schema = { type: 'integer', format: 'int32', minimum: 1 }
/** GEP-2257, as the Gateway API writes it. */
const duration: StringSchema = { type: 'string', pattern: '^([0-9]{1,5}(h|m|s|ms)){1,4}$' }

const placement: ObjectSchema = {
  type: 'object',
  properties: {
    nodeSelector: textMap,
    tolerations: { type: 'array', items: { type: 'map', values: any }, maxItems: 64 },
    affinity: { type: 'map', values: any },
    topologySpreadConstraints: { type: 'array', items: { type: 'map', values: any }, maxItems: 16 },
    priorityClassName: text,
  },
}

const service: ObjectSchema = {
  type: 'object',
  properties: {
    type: { type: 'string', enum: ['LoadBalancer', 'NodePort', 'ClusterIP'] },
    annotations: textMap,
    externalTrafficPolicy: { type: 'string', enum: ['Cluster', 'Local'] },
    ipFamilyPolicy: { type: 'string', enum: ['SingleStack', 'PreferDualStack', 'RequireDualStack'] },
    loadBalancerClass: text,
    loadBalancerSourceRanges: { type: 'array', items: text, maxItems: 256 },
  },
}

const upstream: ObjectSchema = {
  type: 'object',
  properties: {
    connectionPool: {
      type: 'object',
      properties: {
        maxRequestsPerConnection: positive,
        maxConnections: positive,
        h2UpgradePolicy: { type: 'string', enum: ['upgrade', 'do-not-upgrade'] },
      },
    },
    outlierDetection: {
      type: 'object',
      properties: { consecutive5xxErrors: positive, interval: duration, baseEjectionTime: duration },
    },
  },
}

/** Schema of GatewayParameters in v1alpha1, without apiVersion, kind and metadata. */
export const gatewayParametersSchema: ObjectSchema = {
  type: 'object',
  required: ['spec'],
  properties: {
    spec: {
      type: 'object',
      rules: [
        {
          rule: "!has(self.replicas) || !has(self.workload) || self.workload != 'DaemonSet'",
          message: 'replicas has no meaning for workload DaemonSet, which has one proxy on each node',
        },
      ],
      properties: {
        workload: { type: 'string', enum: ['Deployment', 'DaemonSet'] },
        replicas: { type: 'integer', format: 'int32', minimum: 0, maximum: 1000 },
        concurrency: { type: 'integer', format: 'int32', minimum: 1, maximum: 256 },
        image: { ...text, minLength: 1 },
        resources: { type: 'object', properties: { requests: quantities, limits: quantities } },
        drainSeconds: { type: 'integer', format: 'int32', minimum: 0, maximum: 3600 },
        placement,
        service,
        upstream,
      },
    },
  },
}
