/** One control plane and what is always true of it: nothing throws, statuses and fleets are such as an API server takes. */
import { compileSchema } from '../src/api/compile.ts'
import { findKind, schemaOf } from '../src/api/kinds.ts'
import type { ManagedObject } from '../src/api/managed-kinds.ts'
import { parseObject } from '../src/api/parse.ts'
import type { ParseProblem } from '../src/api/parse-problem.ts'
import { checkRules } from '../src/api/rules.ts'
import type { Schema } from '../src/api/schema.ts'
import { Walk } from '../src/api/walk.ts'
import { renderFleet } from '../src/infra/fleet.ts'
import type { GatewayInfra } from '../src/ir/infra.ts'
import { testFleetSettings } from '../src/testing/fleet-golden.ts'
import type { DesiredStatus, Outputs, TranslateSettings } from '../src/translate/contract.ts'
import { mergeStatus } from '../src/watch/status-merge.ts'
import type { Finding } from './finding.ts'

/** Settings of both platforms: loopback alone, and pods. */
export const settingsOf: Readonly<Record<TranslateSettings['platform']['kind'], TranslateSettings>> = {
  standalone: {
    controllerName: 'fairlead.dev/gateway-controller',
    delivery: 'live',
    platform: { kind: 'standalone', bindAddresses: ['127.0.0.1'], ipv6: false },
  },
  kubernetes: {
    controllerName: 'fairlead.dev/gateway-controller',
    delivery: 'live',
    platform: { kind: 'kubernetes', ipv6: false },
  },
}

/** What is wrong with the statuses and, in a cluster, with the objects of fleets. */
export function judgeOutputs(outputs: Outputs, settings: TranslateSettings): readonly Finding[] {
  const statuses = [...outputs.statuses.entries()].flatMap(([key, desired]) => judgeStatus(key, desired, settings))
  if (settings.platform.kind !== 'kubernetes') return statuses
  return [...statuses, ...[...outputs.infra.entries()].flatMap(([, infra]) => judgeFleet(infra))]
}

/** What the API server would say to a status that the writer sends for it. */
export function judgeStatus(key: string, desired: DesiredStatus, settings: TranslateSettings): readonly Finding[] {
  const { controllerName } = settings
  const found = (message: string): Finding => ({ kind: 'status', message: `${key}: ${message}` })
  const dropped: string[] = []
  const now = () => '2026-01-31T12:00:00Z'
  const onDropped = (what: string) => dropped.push(what)
  const status = mergeStatus(undefined, desired.status, { now, controllerName, onDropped })
  const schema = statusSchema(desired.kind)
  if (schema === undefined) return [found('the kind has no status')]
  const text = JSON.stringify(status)
  return [
    ...dropped.map((what) => found(`${what} did not fit`)),
    ...problemsOf(schema, status).map(({ field, message }) => found(`${field}: ${message}`)),
    ...(halfOfPair.test(text) ? [found('holds half a surrogate pair, which the API server stores otherwise')] : []),
    ...(privateKey.test(text) ? [found('shows a private key')] : []),
  ]
}

/** A block with something in it: that one is missing may be said. */
const privateKey = /PRIVATE KEY-----(?:\\[nr])*[A-Za-z0-9+/]{16}/

/** As JSON writes a character that is none. */
const halfOfPair = /[^\\](?:\\\\)*\\ud[89a-f][0-9a-f]{2}/

function statusSchema(name: string): Schema | undefined {
  const kind = findKind(name)
  if (kind === undefined) return undefined
  const schema = schemaOf(kind, 'standard', kind.version) ?? schemaOf(kind, 'experimental', kind.version)
  return schema?.properties.status
}

function problemsOf(schema: Schema, status: unknown): readonly ParseProblem[] {
  const walk = new Walk({ remedyForUnknown: () => '', checkRules })
  walk.path.push('status')
  compiled(schema)(status, walk)
  return walk.finish()
}

const checks = new WeakMap<Schema, ReturnType<typeof compileSchema>>()

function compiled(schema: Schema): ReturnType<typeof compileSchema> {
  const check = checks.get(schema) ?? compileSchema(schema)
  checks.set(schema, check)
  return check
}

/** What we cannot parse of a fleet, the API server refuses. */
function judgeFleet(infra: GatewayInfra): readonly Finding[] {
  try {
    return renderFleet(infra, testFleetSettings).flatMap(judgeRendered)
  } catch (error) {
    return [{ kind: 'throw', message: `the fleet of ${infra.gateway}: ${String(error)}` }]
  }
}

/** Of kinds that we do not read, the metadata is looked at. */
function judgeRendered(object: ManagedObject): readonly Finding[] {
  const { kind, metadata } = object
  const known = findKind(kind) === undefined ? { apiVersion: 'v1', kind: 'ConfigMap', metadata } : object
  const parsed = parseObject(known, { channel: 'experimental', checkRules })
  if (parsed.ok) return []
  return parsed.error.map(({ field, message }) => {
    return { kind: 'fleet', message: `${kind} ${metadata.namespace}/${metadata.name}: ${field}: ${message}` }
  })
}
