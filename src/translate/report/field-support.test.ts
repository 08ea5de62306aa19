import { describe, expect, test } from 'vitest'
import { gatewayApiKinds } from '../../api/gen/schemas.ts'
import type { HTTPRouteFilter, HTTPRouteRule } from '../../api/gen/types.ts'
import type { CrdKind, Schema } from '../../api/schema.ts'
import { clusterName, endpointsName } from '../../ir/names.ts'
import type { FilterContext } from '../features/feature.ts'
import { mustParse, pipelineRig } from '../../testing/pipeline-rig.ts'
import { filterBodies } from '../features/filters.ts'
import { routeFeatures } from '../features/registry.ts'
import { fieldSupport, ignoredFields, isAbout } from './field-support.ts'

/** Paths of all fields below a schema, items of lists as `[]`. */
function pathsOf(schema: Schema, path: string): readonly string[] {
  if (schema.type === 'array') return pathsOf(schema.items, `${path}[]`)
  if (schema.type !== 'object') return []
  return Object.entries(schema.properties).flatMap(([name, child]) => {
    const own = path === '' ? name : `${path}.${name}`
    return [own, ...pathsOf(child, own)]
  })
}

const kinds: readonly CrdKind[] = gatewayApiKinds
const served = kinds.filter(({ kind }) => fieldSupport[kind] !== undefined)
const fieldsOf = ({ channels }: CrdKind): readonly string[] => {
  const schemas = [...Object.values(channels.standard), ...Object.values(channels.experimental)]
  return [...new Set(schemas.flatMap((schema) => pathsOf(schema, '')))]
}

describe('the table of fields', () => {
  test('is of kinds of the Gateway API', () => {
    expect(Object.keys(fieldSupport).sort()).toEqual(served.map(({ kind }) => kind).sort())
  })

  test.each(served.map((crd) => [crd.kind, crd] as const))('has one entry for every field of %s', (kind, crd) => {
    const wrong = fieldsOf(crd).filter(
      (field) => fieldSupport[kind]?.filter((entry) => isAbout(entry, field)).length !== 1,
    )
    expect(wrong).toEqual([])
  })

  test.each(served.map((crd) => [crd.kind, crd] as const))('has no entry for what %s does not have', (kind, crd) => {
    const fields = fieldsOf(crd)
    const stale = fieldSupport[kind]?.filter((entry) => !fields.some((field) => isAbout(entry, field)))
    expect(stale).toEqual([])
  })

  test('has words for all that is ignored', () => {
    const entries = Object.values(fieldSupport).flat()
    expect(entries.filter(({ state, note }) => state === 'ignored' && note === undefined)).toEqual([])
  })
})

describe('ignoredFields', () => {
  test('names each field that is used, at its place', () => {
    const listeners = [{ tls: {} }, { tls: { options: { a: 'b' } } }]
    const gateway = { spec: { listeners, defaultScope: 'All', tls: { backend: {} } } }
    expect(ignoredFields('Gateway', gateway).map(({ field }) => field)).toEqual([
      'spec.listeners[1].tls.options',
      'spec.defaultScope',
      'spec.tls.backend',
    ])
  })

  test('is silent about defaults', () => {
    const listeners = [{ tls: { options: {} } }]
    const allowedListeners = { namespaces: { from: 'None' } }
    expect(ignoredFields('Gateway', { spec: { listeners, allowedListeners, defaultScope: 'None' } })).toEqual([])
  })
})

describe('a refused field', () => {
  const rule = (fields: object) => ({ rules: [{ backendRefs: [{ name: 'a', port: 80 }], ...fields }] })
  const onBackend = (filter: object) => rule({ backendRefs: [{ name: 'a', port: 80, filters: [filter] }] })
  const extension = { type: 'ExtensionRef', extensionRef: { group: 'example.com', kind: 'Auth', name: 'a' } }
  const auth = {
    type: 'ExternalAuth',
    externalAuth: { protocol: 'HTTP', http: {}, backendRef: { name: 'a', port: 80 } },
  }
  const redirect = { type: 'RequestRedirect', requestRedirect: { hostname: 'b.com' } }
  const tls = { certificateRefs: [{ name: 'a' }] }
  const frontend = { default: { validation: { caCertificateRefs: [{ group: '', kind: 'ConfigMap', name: 'ca' }] } } }
  const listener = { name: 'http', port: 80, protocol: 'HTTP', filters: { requests: [extension] } }
  const samples: Readonly<Record<string, readonly [kind: 'HTTPRoute' | 'Gateway', spec: object]>> = {
    'spec.rules[].filters[].extensionRef.**': ['HTTPRoute', rule({ filters: [extension] })],
    'spec.rules[].filters[].externalAuth.**': ['HTTPRoute', rule({ filters: [auth] })],
    'spec.rules[].backendRefs[].filters[].extensionRef.**': ['HTTPRoute', onBackend(extension)],
    'spec.rules[].backendRefs[].filters[].externalAuth.**': ['HTTPRoute', onBackend(auth)],
    'spec.rules[].backendRefs[].filters[].requestRedirect.**': ['HTTPRoute', onBackend(redirect)],
    'spec.rules[].sessionPersistence.**': ['HTTPRoute', rule({ sessionPersistence: { cookie: {} } })],
    'spec.listeners[].filters.**': ['Gateway', { listeners: [listener] }],
    'spec.tls.frontend.**': [
      'Gateway',
      { tls: { frontend }, listeners: [{ name: 'a', port: 443, protocol: 'HTTPS', tls }] },
    ],
  }

  test('is in a sample each', () => {
    const refused = Object.values(fieldSupport)
      .flat()
      .filter(({ state }) => state === 'refused')
    expect(Object.keys(samples).sort()).toEqual(refused.map(({ path }) => path).sort())
  })

  test.each(Object.entries(samples))('%s makes the object or a part of it not accepted', (_path, [kind, spec]) => {
    const rig = pipelineRig()
    const apiVersion = 'gateway.networking.k8s.io/v1'
    const add = (one: string, name: string, more: object) =>
      rig.set(mustParse({ apiVersion, kind: one, metadata: { name }, spec: more }))
    add('GatewayClass', 'c', { controllerName: 'fairlead.dev/gateway-controller' })
    const web = { gatewayClassName: 'c', listeners: [{ name: 'web', port: 8080, protocol: 'HTTP' }] }
    add('Gateway', 'gw', kind === 'Gateway' ? { ...web, ...spec } : web)
    if (kind === 'HTTPRoute') add(kind, 'r', { parentRefs: [{ name: 'gw' }], ...spec })
    rig.graph.flush()
    const status = rig.outputs.statuses.get(kind === 'Gateway' ? 'Gateway/default/gw' : 'HTTPRoute/default/r')
    expect(JSON.stringify(status)).toMatch(/"(?:UnsupportedValue|UnsupportedFilter)"|RouteDropped/)
  })
})

/** Notes every field that is read, as a path below the root. */
function watched<T extends object>(value: T, path: string, read: Set<string>): T {
  return new Proxy(value, {
    get(target, name, receiver) {
      const child: unknown = Reflect.get(target, name, receiver)
      if (typeof name !== 'string' || !Object.hasOwn(target, name)) return child
      const own = Array.isArray(target) ? `${path}[]` : `${path}.${name}`
      read.add(own)
      return typeof child === 'object' && child !== null ? watched(child, own, read) : child
    },
    ownKeys(target) {
      return Reflect.ownKeys(target)
    },
  })
}

/** A value with every field of the schema. */
function fullSample(schema: Schema): unknown {
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(Object.entries(schema.properties).map(([name, child]) => [name, fullSample(child)]))
    case 'array':
      return [fullSample(schema.items)]
    case 'string':
      return schema.enum?.[0] ?? schema.default ?? (schema.pattern?.startsWith('^([0-9]') ? '1s' : 'a')
    case 'integer':
    case 'number':
      return schema.enum?.[0] ?? schema.default ?? Math.max(schema.minimum ?? 1, 1)
    case 'boolean':
      return true
    default:
      return {}
  }
}

function schemaAt(path: readonly string[]): Schema {
  const route = kinds.find(({ kind }) => kind === 'HTTPRoute')?.channels.experimental.v1
  let here: Schema | undefined = route
  for (const name of path) {
    if (here?.type === 'array') here = here.items
    here = here?.type === 'object' ? here.properties[name] : undefined
  }
  if (here === undefined) throw new Error(`no schema at ${path.join('.')}`)
  return here
}

function optionalFields(schema: Schema): readonly string[] {
  if (schema.type !== 'object') return []
  return Object.keys(schema.properties).filter((name) => schema.required?.includes(name) !== true)
}

describe('a registered feature', () => {
  const context: FilterContext = {
    // What the lookup of a backend reads.
    resolve: ({ group, kind, namespace, name, port }) =>
      clusterName(endpointsName(`${group}${kind}${namespace}`, name, port ?? 80), 'http1'),
  }

  test.each(routeFeatures.map((feature) => [feature.name, feature] as const))(
    'reads every field of %s',
    (name, feature) => {
      const isFilter = feature.source.kind === 'filter'
      const body = isFilter ? filterBodies[name as HTTPRouteFilter['type']] : name
      const schema = schemaAt(isFilter ? ['spec', 'rules', 'filters', body] : ['spec', 'rules', body])
      const read = new Set<string>()
      // Of alternatives only one is read while all are there.
      for (const without of [undefined, ...optionalFields(schema)]) {
        const sample = Object.fromEntries(Object.entries(Object(fullSample(schema))).filter(([key]) => key !== without))
        const value: unknown = watched({ type: name, [body]: sample }, '', read)
        if (feature.source.kind === 'filter') feature.source.parse(value as HTTPRouteFilter, 'f', context)
        else feature.source.parse(value as HTTPRouteRule, 'f')
      }
      expect(pathsOf(schema, `.${body}`).filter((path) => !read.has(path))).toEqual([])
    },
  )
})
