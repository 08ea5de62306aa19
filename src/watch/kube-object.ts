/** From what an API server sends to what the graph holds: what nobody reads holds no memory. */
import { isRecord } from '../api/compile.ts'
import { apiVersionOf, type Kind, type KubernetesObject } from '../api/kinds.ts'
import type { ParseProblem } from '../api/parse-problem.ts'
import { parseObject } from '../api/parse.ts'
import type { Result } from '../lib/result.ts'
import type { LiveObject } from './live-objects.ts'
import type { ApiObject } from './watch-event.ts'

/** What came of one object. */
export interface ReadObject {
  readonly live: LiveObject
  /** Without resourceVersion, and without status where we write it. */
  readonly parsed: Result<KubernetesObject, readonly ParseProblem[]>
  /** Fields that we do not know and left out. */
  readonly dropped: readonly ParseProblem[]
}

type Fields = Readonly<Record<string, unknown>>

/** Reads an object of a kind. Items of lists of built-in kinds carry neither apiVersion nor kind. */
export function readObject(kind: Kind, raw: ApiObject): ReadObject {
  const { status, ...rest } = raw
  const { uid, resourceVersion, generation } = raw.metadata
  const trimmed = {
    ...trimKind(kind, rest),
    ...(kind.writesStatus || status === undefined ? {} : { status }),
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    metadata: trimMetadata(kind, raw.metadata),
  }
  const dropped: ParseProblem[] = []
  const parsed = parseObject(trimmed, {
    channel: 'experimental',
    unknownFields: 'drop',
    onWarning: (problem) => dropped.push(problem),
  })
  return {
    live: {
      uid,
      resourceVersion,
      generation: typeof generation === 'number' ? generation : 0,
      status: isRecord(status) ? status : undefined,
    },
    parsed: parsed.ok && kind.writesStatus ? { ok: true, value: withoutStatus(parsed.value) } : parsed,
    dropped,
  }
}

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'

function trimMetadata(kind: Kind, metadata: Fields): Fields {
  const { managedFields, resourceVersion, selfLink, annotations, ...rest } = metadata
  // Of an EndpointSlice they tell only when it was changed last.
  if (!isRecord(annotations) || kind.kind === 'EndpointSlice') return rest
  const { [lastApplied]: _, ...kept } = annotations
  return { ...rest, annotations: kept }
}

function trimKind(kind: Kind, object: Fields): Fields {
  switch (kind.kind) {
    case 'Secret':
      return trimSecret(object)
    case 'ConfigMap':
      return trimParameters(object)
    case 'EndpointSlice':
      return trimEndpoints(object)
    default:
      return object
  }
}

/** Of a certificate only what TLS is made of: controllers keep key stores and more beside it. Of others only that they are. */
function trimSecret({ data, ...rest }: Fields): Fields {
  if (!isRecord(data) || rest.type !== 'kubernetes.io/tls') return rest
  const kept = ['tls.crt', 'tls.key', 'ca.crt'].filter((key) => data[key] !== undefined)
  return { ...rest, data: Object.fromEntries(kept.map((key) => [key, data[key]])) }
}

/** More than there are. */
const maxParameters = 50
/** Longer than any. A multiple of four: what is left of base64 is base64. */
const maxParameterLength = 256

/** ConfigMaps are read as parameters alone: what has a megabyte is none, and should not cost one. */
function trimParameters({ data, binaryData, ...rest }: Fields): Fields {
  return { ...rest, data: firstParameters(data), binaryData: firstParameters(binaryData) }
}

function firstParameters(entries: unknown): unknown {
  if (!isRecord(entries)) return entries
  const kept = Object.keys(entries).slice(0, maxParameters)
  return Object.fromEntries(kept.map((key) => [key, cut(entries[key])]))
}

function cut(value: unknown): unknown {
  return typeof value === 'string' && value.length > maxParameterLength ? value.slice(0, maxParameterLength) : value
}

/** Which pod an endpoint is, is nobody's business here. */
function trimEndpoints(object: Fields): Fields {
  const { endpoints } = object
  if (!Array.isArray(endpoints)) return object
  return {
    ...object,
    endpoints: endpoints.map((one: unknown) => (isRecord(one) ? { ...one, targetRef: undefined } : one)),
  }
}

/** The schema gives objects without status a default one. */
function withoutStatus(object: KubernetesObject): KubernetesObject {
  if (!('status' in object)) return object
  const { status, ...rest } = object
  return rest
}
