/**
 * What becomes of every field of the Gateway API. A test holds the table against the schemas: a field that is in no entry
 * fails it, and so does an entry without a field. What is ignored is told from here, so that it cannot be ignored silently.
 */
import { formatPath, type PathSegment } from '../../api/field-path.ts'
import { filterBodies } from '../features/filters.ts'
import type { FilterLevel } from '../features/feature.ts'
import { routeFeatures } from '../features/registry.ts'

/** `programmed`: does what it says. `refused`: keeps the object or rule from serving. `written`: we write it. */
export type FieldState = 'programmed' | 'refused' | 'ignored' | 'written'

/** An entry for one field, or for a field and all below it when the path ends in `.**`. Items of lists are `[]`. */
export interface FieldSupport {
  readonly path: string
  readonly state: FieldState
  /** Of what is ignored: the warning. Of others: what is to be known about it. */
  readonly note?: string
  /** Whether a value of an ignored field asks for nothing, such as a default. Default: every value asks. */
  readonly isIdle?: (value: unknown) => boolean
}

/** A kind that is not in here is read and not served: all of its fields are ignored, with a warning. */
export const fieldSupport: Readonly<Record<string, readonly FieldSupport[]>> = {
  GatewayClass: [
    ...programmed('spec', ['', 'controllerName', 'description', ...references('parametersRef')]),
    written(),
  ],
  Gateway: [
    ...programmed('spec', ['', 'gatewayClassName', 'addresses', 'addresses[].type', 'addresses[].value', 'tls']),
    {
      path: 'spec.addresses[].routability',
      state: 'ignored',
      note: 'is not supported yet and has no effect; where an address can be reached from is decided by the network',
    },
    ...programmed('spec.infrastructure', ['', 'annotations', 'labels', 'parametersRef']),
    ...programmed('spec.infrastructure.parametersRef', ['group', 'kind', 'name']),
    ...listenerFields(),
    {
      path: 'spec.allowedListeners.**',
      state: 'ignored',
      note: 'is not supported yet and has no effect: no ListenerSet is served; write the listeners into the Gateway',
      isIdle: (value) => JSON.stringify(value) === '{"namespaces":{"from":"None"}}',
    },
    {
      path: 'spec.defaultScope',
      state: 'ignored',
      note: 'is not supported yet and has no effect; name the Gateway in parentRefs of the routes',
      isIdle: (value) => value !== 'All',
    },
    {
      path: 'spec.tls.backend.**',
      state: 'ignored',
      note: 'is not supported yet and has no effect: backends are not spoken to over TLS; remove it',
    },
    { path: 'spec.tls.frontend.**', state: 'refused', note: 'client certificates are not asked for yet' },
    written(),
  ],
  HTTPRoute: [
    ...programmed('spec', ['', 'hostnames', 'parentRefs', 'rules']),
    ...programmed('spec.parentRefs[]', ['group', 'kind', 'name', 'namespace', 'port', 'sectionName']),
    {
      path: 'spec.useDefaultGateways',
      state: 'ignored',
      note: 'is not supported yet and has no effect; name Gateways in parentRefs',
      isIdle: (value) => value !== 'All',
    },
    ...ruleFields(),
    written(),
  ],
  ReferenceGrant: [
    ...programmed('spec', ['', 'from', 'from[].group', 'from[].kind', 'from[].namespace']),
    ...programmed('spec', ['to', 'to[].group', 'to[].kind', 'to[].name']),
  ],
}

function programmed(below: string, fields: readonly string[]): readonly FieldSupport[] {
  return fields.map((field) => ({ path: field === '' ? below : `${below}.${field}`, state: 'programmed' }))
}

function written(): FieldSupport {
  return { path: 'status.**', state: 'written' }
}

function references(field: string): readonly string[] {
  return [field, ...['group', 'kind', 'name', 'namespace'].map((name) => `${field}.${name}`)]
}

function listenerFields(): readonly FieldSupport[] {
  const selector = 'allowedRoutes.namespaces.selector'
  return [
    ...programmed('spec', ['listeners']),
    ...programmed('spec.listeners[]', ['name', 'port', 'protocol', 'hostname', 'tls', 'tls.mode', 'allowedRoutes']),
    ...programmed('spec.listeners[].tls', ['certificateRefs', ...references('certificateRefs[]').slice(1)]),
    ...programmed('spec.listeners[].allowedRoutes', ['kinds', 'kinds[].group', 'kinds[].kind', 'namespaces']),
    ...programmed('spec.listeners[]', ['allowedRoutes.namespaces.from', selector, `${selector}.matchLabels`]),
    ...programmed(`spec.listeners[].${selector}`, ['matchExpressions', 'matchExpressions[].key']),
    ...programmed(`spec.listeners[].${selector}.matchExpressions[]`, ['operator', 'values']),
    {
      path: 'spec.listeners[].tls.options',
      state: 'ignored',
      note: 'no option is known, so none has an effect; remove them',
      isIdle: (value) => JSON.stringify(value) === '{}',
    },
    { path: 'spec.listeners[].filters.**', state: 'refused', note: 'filters stand on rules of routes' },
  ]
}

function ruleFields(): readonly FieldSupport[] {
  const rule = 'spec.rules[]'
  const ofRule = routeFeatures.filter(({ source }) => source.kind === 'rule')
  return [
    ...programmed(rule, ['name', 'matches', 'matches[].method', 'filters', 'backendRefs']),
    ...programmed(`${rule}.matches[]`, ['path', 'path.type', 'path.value']),
    ...['headers', 'queryParams'].flatMap((list) =>
      programmed(`${rule}.matches[]`, [list, ...['name', 'type', 'value'].map((name) => `${list}[].${name}`)]),
    ),
    ...programmed(`${rule}.backendRefs[]`, ['group', 'kind', 'name', 'namespace', 'port', 'weight', 'filters']),
    ...filterFields(`${rule}.filters[]`, 'rule'),
    ...filterFields(`${rule}.backendRefs[].filters[]`, 'backend'),
    ...ofRule.map(({ name }): FieldSupport => ({ path: `${rule}.${name}.**`, state: 'programmed' })),
    { path: `${rule}.sessionPersistence.**`, state: 'refused', note: 'is not supported yet' },
  ]
}

/** What is registered works on the levels that it names; other filters are refused, as the registry has it. */
function filterFields(list: string, level: FilterLevel): readonly FieldSupport[] {
  return [
    ...programmed(list, ['type']),
    ...Object.entries(filterBodies).map(([type, body]): FieldSupport => {
      const isBuilt = routeFeatures.some(
        ({ name, source }) => name === type && source.kind === 'filter' && source.levels.includes(level),
      )
      const path = `${list}.${body}.**`
      return isBuilt
        ? { path, state: 'programmed' }
        : { path, state: 'refused', note: `filter ${type} is refused here` }
    }),
  ]
}

/** Whether an entry is about a path. */
export function isAbout({ path }: FieldSupport, field: string): boolean {
  if (!path.endsWith('.**')) return path === field
  const top = path.slice(0, -3)
  return field === top || field.startsWith(`${top}.`) || field.startsWith(`${top}[`)
}

/** The ignored fields that an object uses, each with its warning. */
export function ignoredFields(
  kind: string,
  object: unknown,
): readonly { readonly field: string; readonly message: string }[] {
  return (fieldSupport[kind] ?? []).flatMap(({ path, state, note, isIdle }) => {
    if (state !== 'ignored' || note === undefined) return []
    const steps = path.replace(/\.\*\*$/, '').split(/\.|(?=\[\])/)
    return valuesAt(object, steps)
      .filter(({ value }) => isIdle?.(value) !== true)
      .map(({ at }) => ({ field: formatPath(at), message: note }))
  })
}

interface Found {
  readonly at: readonly PathSegment[]
  readonly value: unknown
}

function valuesAt(object: unknown, steps: readonly string[]): readonly Found[] {
  let found: readonly Found[] = [{ at: [], value: object }]
  for (const step of steps) {
    found = found.flatMap(({ at, value }): readonly Found[] => {
      if (step === '[]')
        return Array.isArray(value) ? value.map((item, index) => ({ at: [...at, index], value: item })) : []
      const child: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, step) : undefined
      return child === undefined ? [] : [{ at: [...at, step], value: child }]
    })
  }
  return found
}
