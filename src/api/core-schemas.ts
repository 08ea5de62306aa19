/**
 * Schemas of the core kinds we read: the facts of the Kubernetes API v1.35, written by hand in the form of the generated
 * ones since core kinds have no CustomResourceDefinition. Fields we have no use for are known so that they are not
 * reported, and are not looked into.
 */
import type { ArraySchema, MapSchema, ObjectSchema, Schema, StringSchema } from './schema.ts'

const any: Schema = { type: 'any' }
const text: StringSchema = { type: 'string' }
const flag: Schema = { type: 'boolean' }
const texts: ArraySchema = { type: 'array', items: text }
const textMap: MapSchema = { type: 'map', values: text, nullIs: '' }
const byteMap: MapSchema = { type: 'map', values: { type: 'string', format: 'byte' }, nullIs: '' }
const port: Schema = { type: 'integer', format: 'int32', minimum: 1, maximum: 65_535 }
const protocol: Schema = { type: 'string', enum: ['TCP', 'UDP', 'SCTP'], default: 'TCP' }
const family: Schema = { type: 'string', enum: ['IPv4', 'IPv6'] }

const servicePort: ObjectSchema = {
  type: 'object',
  required: ['port'],
  properties: {
    name: text,
    port,
    protocol,
    targetPort: { type: 'intOrString' },
    nodePort: { type: 'integer', format: 'int32', minimum: 0, maximum: 65_535 },
    appProtocol: text,
  },
}

const serviceSpec: ObjectSchema = {
  type: 'object',
  properties: {
    type: { type: 'string', enum: ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'], default: 'ClusterIP' },
    clusterIP: text,
    clusterIPs: texts,
    externalIPs: texts,
    externalName: text,
    externalTrafficPolicy: { type: 'string', enum: ['Cluster', 'Local'] },
    internalTrafficPolicy: { type: 'string', enum: ['Cluster', 'Local'] },
    healthCheckNodePort: { type: 'integer', format: 'int32' },
    ipFamilies: { type: 'array', items: family, maxItems: 2 },
    ipFamilyPolicy: { type: 'string', enum: ['SingleStack', 'PreferDualStack', 'RequireDualStack'] },
    allocateLoadBalancerNodePorts: flag,
    loadBalancerClass: text,
    loadBalancerIP: text,
    loadBalancerSourceRanges: texts,
    ports: { type: 'array', list: 'map', keys: ['port', 'protocol'], items: servicePort },
    publishNotReadyAddresses: flag,
    selector: textMap,
    sessionAffinity: { type: 'string', enum: ['None', 'ClientIP'], default: 'None' },
    sessionAffinityConfig: any,
    trafficDistribution: text,
  },
}

const hint: Schema = {
  type: 'array',
  maxItems: 8,
  items: { type: 'object', required: ['name'], properties: { name: text } },
}

const endpoint: ObjectSchema = {
  type: 'object',
  required: ['addresses'],
  properties: {
    addresses: { type: 'array', items: text, list: 'set', minItems: 1, maxItems: 100 },
    conditions: { type: 'object', properties: { ready: flag, serving: flag, terminating: flag } },
    hostname: text,
    nodeName: text,
    zone: text,
    deprecatedTopology: textMap,
    targetRef: any,
    hints: { type: 'object', properties: { forZones: hint, forNodes: hint } },
  },
}

const endpointPort: ObjectSchema = {
  type: 'object',
  properties: { name: { ...text, default: '' }, port, protocol, appProtocol: text },
}

/** Schemas by kind, without apiVersion, kind and metadata. */
export const coreSchemas = {
  Namespace: {
    type: 'object',
    properties: { spec: { type: 'object', properties: { finalizers: texts } }, status: any },
  },
  Service: { type: 'object', required: ['spec'], properties: { spec: serviceSpec, status: any } },
  EndpointSlice: {
    type: 'object',
    required: ['addressType'],
    properties: {
      addressType: { type: 'string', enum: ['IPv4', 'IPv6', 'FQDN'] },
      endpoints: { type: 'array', items: endpoint, maxItems: 1000, default: [] },
      ports: { type: 'array', list: 'map', keys: ['name'], items: endpointPort, maxItems: 20_000 },
    },
  },
  Secret: {
    type: 'object',
    properties: { type: { ...text, default: 'Opaque' }, data: byteMap, stringData: textMap, immutable: flag },
  },
  ConfigMap: { type: 'object', properties: { data: textMap, binaryData: byteMap, immutable: flag } },
} as const satisfies Readonly<Record<string, ObjectSchema>>
