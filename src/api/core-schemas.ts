/**
 * Schemas of the core kinds we read: the facts of the Kubernetes API v1.36, written by hand in the form of the generated
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
const protocol: StringSchema = { type: 'string', enum: ['TCP', 'UDP', 'SCTP'], default: 'TCP' }
const family: Schema = { type: 'string', enum: ['IPv4', 'IPv6'] }

const servicePort: ObjectSchema = {
  type: 'object',
  required: ['port'],
  properties: {
    name: text,
    port,
    protocol: { ...protocol, emptyIsAbsent: true },
    targetPort: { type: 'intOrString' },
    nodePort: { type: 'integer', format: 'int32', minimum: 0, maximum: 65_535 },
    appProtocol: text,
  },
}

const serviceSpec: ObjectSchema = {
  type: 'object',
  properties: {
    type: {
      type: 'string',
      enum: ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'],
      default: 'ClusterIP',
      emptyIsAbsent: true,
    },
    clusterIP: text,
    clusterIPs: texts,
    externalIPs: texts,
    externalName: text,
    externalTrafficPolicy: { type: 'string', enum: ['Cluster', 'Local'], emptyIsAbsent: true },
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
    sessionAffinity: { type: 'string', enum: ['None', 'ClientIP'], default: 'None', emptyIsAbsent: true },
    sessionAffinityConfig: {
      type: 'object',
      properties: {
        clientIP: { type: 'object', properties: { timeoutSeconds: { type: 'integer', format: 'int32' } } },
      },
    },
    trafficDistribution: { type: 'string', enum: ['PreferClose', 'PreferSameZone', 'PreferSameNode'] },
  },
}

const hint: Schema = {
  type: 'array',
  maxItems: 8,
  items: { type: 'object', properties: { name: { ...text, default: '' } } },
}

const objectReference: ObjectSchema = {
  type: 'object',
  properties: {
    apiVersion: text,
    kind: text,
    namespace: text,
    name: text,
    uid: text,
    resourceVersion: text,
    fieldPath: text,
  },
}

const endpoint: ObjectSchema = {
  type: 'object',
  required: ['addresses'],
  properties: {
    addresses: { type: 'array', items: text, minItems: 1, maxItems: 100 },
    conditions: { type: 'object', properties: { ready: flag, serving: flag, terminating: flag } },
    hostname: text,
    nodeName: text,
    zone: text,
    deprecatedTopology: textMap,
    targetRef: objectReference,
    hints: { type: 'object', properties: { forZones: hint, forNodes: hint } },
  },
}

const endpointPort: ObjectSchema = {
  type: 'object',
  properties: {
    name: { ...text, default: '' },
    port: { type: 'integer', format: 'int32' },
    protocol,
    appProtocol: text,
  },
}

/** Schemas by kind, without apiVersion, kind and metadata. */
export const coreSchemas = {
  Namespace: {
    type: 'object',
    properties: { spec: { type: 'object', properties: { finalizers: texts } }, status: any },
  },
  Service: { type: 'object', properties: { spec: { ...serviceSpec, default: {} }, status: any } },
  EndpointSlice: {
    type: 'object',
    required: ['addressType'],
    properties: {
      addressType: { type: 'string', enum: ['IPv4', 'IPv6', 'FQDN'] },
      endpoints: { type: 'array', items: endpoint, maxItems: 1000, default: [] },
      ports: { type: 'array', items: endpointPort, maxItems: 20_000 },
    },
  },
  Secret: {
    type: 'object',
    properties: {
      type: { ...text, default: 'Opaque', emptyIsAbsent: true },
      data: byteMap,
      stringData: textMap,
      immutable: flag,
    },
  },
  ConfigMap: { type: 'object', properties: { data: textMap, binaryData: byteMap, immutable: flag } },
} as const satisfies Readonly<Record<string, ObjectSchema>>
