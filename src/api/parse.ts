import { err, ok, type Result } from '../lib/result.ts'
import { type Check, compileSchema, isRecord } from './compile.ts'
import { coreSchemas } from './core-schemas.ts'
import type { PathSegment } from './field-path.ts'
import { finishers } from './finish-core.ts'
import { type Identity, identify } from './identify.ts'
import { apiVersionOf, type KubernetesObject, schemaOf } from './kinds.ts'
import { checkMetadata, metadataSchema } from './metadata.ts'
import { describeType, type ParseProblem } from './parse-problem.ts'
import type { Channel, ObjectSchema } from './schema.ts'
import { schemaAt, suggestField } from './suggest.ts'
import { checkTransitions } from './transitions.ts'
import { type RuleCheck, Walk, type WalkOptions } from './walk.ts'

/** How to parse. */
export interface ParseOptions {
  /** Which fields and versions of the Gateway API exist. Default: standard. */
  readonly channel?: Channel | undefined
  /** Namespace of objects that name none. Default: `default`. */
  readonly defaultNamespace?: string | undefined
  /**
   * What happens to fields that the schema does not have: `refuse` as strict field validation does, or `drop` with a
   * warning for each, as the API server prunes what it stores. Objects that come from an API server may be of a newer
   * version of the API than our schemas. Default: refuse.
   */
  readonly unknownFields?: 'refuse' | 'drop' | undefined
  /** Checks CEL rules: `checkRules`. Default: rules are not looked at. */
  readonly checkRules?: RuleCheck | undefined
  /** The object that this one replaces, for the rules about changes. Default: the object is new. */
  readonly oldObject?: KubernetesObject | undefined
  /** Told of what has no effect in an object that is good nevertheless. Default: nobody is told. */
  readonly onWarning?: ((problem: ParseProblem) => void) | undefined
}

/**
 * The object in the version we hold, checked as strictly as the API server does with strict field validation, defaults
 * filled in. `raw` is not changed; the object may share parts with it. Every mistake is listed, not only the first. An
 * object of a kind that is none of our business gives one problem of severity `warning`.
 */
export function parseObject(
  raw: unknown,
  options: ParseOptions = {},
): Result<KubernetesObject, readonly ParseProblem[]> {
  if (!isRecord(raw)) {
    const message = `must be a mapping with apiVersion, kind and metadata, but is ${describeType(raw)}`
    return err([{ severity: 'error', reason: 'NotAnObject', field: '', message, remedy: 'write a Kubernetes object' }])
  }
  const identity = identify(raw.apiVersion, raw.kind, options.channel ?? 'standard')
  return identity.ok ? parseAs(raw, identity.value, options) : identity
}

/** The same of an object that was found out to be of a kind and version. */
export function parseAs(
  raw: Readonly<Record<string, unknown>>,
  { kind, schema }: Identity,
  options: ParseOptions,
): Result<KubernetesObject, readonly ParseProblem[]> {
  const shape = shapeOf(schema)
  const remedy = (path: readonly PathSegment[], key: string) => remedyFor(kind, shape.schema, path, key)
  const walk = new Walk(walkOptions(remedy, options))
  walk.isSecret = kind.kind === 'Secret'
  const namespace = kind.namespaced ? (options.defaultNamespace ?? 'default') : ''
  const fields = shape.check({ ...raw, metadata: withNamespace(raw.metadata, namespace) }, walk)
  if (!isRecord(fields) || !isRecord(fields.metadata)) return err(walk.finish())
  walk.path.push('metadata')
  checkMetadata(fields.metadata, { ...kind, isCore: Object.hasOwn(coreSchemas, kind.kind) }, walk)
  walk.path.pop()
  const status = parseStatus(raw.status, shape, remedy, options)
  const object: Record<string, unknown> = { ...fields, apiVersion: apiVersionOf(kind), kind: kind.kind }
  if (status === undefined) delete object.status
  else object.status = status
  checkTransitions(shape.schema, { self: object, old: options.oldObject }, walk)
  const finished = finishers[kind.kind]?.(object, walk) ?? object
  // The schema of the kind, checked above, is what the type was generated from.
  return walk.problems.length > 0 ? err(walk.finish()) : ok(finished as unknown as KubernetesObject)
}

function walkOptions(remedyForUnknown: WalkOptions['remedyForUnknown'], options: ParseOptions): WalkOptions {
  const { checkRules, onWarning = () => {} } = options
  return { remedyForUnknown, checkRules, onDropped: options.unknownFields === 'drop' ? onWarning : undefined }
}

interface Shape {
  readonly schema: ObjectSchema
  readonly check: Check
  readonly checkStatus: Check | undefined
  readonly defaultStatus: unknown
}

const shapes = new WeakMap<ObjectSchema, Shape>()

/** The schema of a kind with the fields that every object has; `status` is taken out, since it is judged apart. */
function shapeOf(schema: ObjectSchema): Shape {
  const known = shapes.get(schema)
  if (known !== undefined) return known
  const { status, ...properties } = schema.properties
  const text = { type: 'string' } as const
  const rest = status === undefined ? {} : { status: { type: 'any' } as const }
  const whole: ObjectSchema = {
    ...schema,
    properties: { apiVersion: text, kind: text, metadata: metadataSchema, ...properties, ...rest },
  }
  const shape: Shape = {
    schema: status === undefined ? whole : { ...whole, properties: { ...whole.properties, status } },
    check: compileSchema(whole),
    checkStatus: status === undefined ? undefined : compileSchema(status),
    defaultStatus: status?.default,
  }
  shapes.set(schema, shape)
  return shape
}

/**
 * The status of the object, or its default. It is not the user's to write, so a mistake in it is a warning and leaves it
 * out.
 */
function parseStatus(
  raw: unknown,
  shape: Shape,
  remedy: WalkOptions['remedyForUnknown'],
  options: ParseOptions,
): unknown {
  const value = raw ?? shape.defaultStatus
  if (value === undefined || shape.checkStatus === undefined) return undefined
  const walk = new Walk(walkOptions(remedy, { ...options, checkRules: undefined }))
  walk.path.push('status')
  const status = shape.checkStatus(value, walk)
  const first = walk.problems[0]
  if (first === undefined) return status
  const message = `status is ignored: ${first.message}`
  options.onWarning?.({ ...first, severity: 'warning', reason: 'IgnoredStatus', message, remedy: 'leave status out' })
  return undefined
}

function withNamespace(metadata: unknown, namespace: string): unknown {
  if (metadata === undefined || metadata === null) return { namespace }
  if (!isRecord(metadata)) return metadata
  const isSet = metadata.namespace !== undefined && metadata.namespace !== null && metadata.namespace !== ''
  return isSet ? metadata : { ...metadata, namespace }
}

function remedyFor(kind: Identity['kind'], schema: ObjectSchema, path: readonly PathSegment[], key: string): string {
  const experimental = schemaOf(kind, 'experimental', kind.version)
  const isExperimental = experimental !== undefined && schemaAt(experimental, [...path, key]) !== undefined
  if (isExperimental) return 'it exists in the experimental channel only; remove it or use that channel'
  return suggestField(schema, path, key)
}
