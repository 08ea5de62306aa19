/** Objects that are put before our parser and before a real API server, and what is different in the answers. */
import { parsePath } from '../api/field-path.ts'
import { apiVersionOf, type Kind, kinds } from '../api/kinds.ts'
import { type ParseOptions, parseObject } from '../api/parse.ts'
import { checkRules } from '../api/rules.ts'
import type { Channel, ObjectSchema } from '../api/schema.ts'
import { structuralEqual } from '../lib/equal.ts'
import type { ApiPath, ApiVerdict } from './api-verdict.ts'
import { Dice } from './dice.ts'
import { mutate } from './mutations.ts'
import { SchemaSampler, texts } from './schema-samples.ts'

/** An object and where it would be created. */
export interface Question {
  readonly path: ApiPath
  readonly kind: Kind
  readonly object: Readonly<Record<string, unknown>>
}

/** An object that is answered differently. */
export interface Difference {
  readonly kind: string
  /** `verdict`: one takes it, the other not; `field`: they name different fields; `value`: defaults differ. */
  readonly what: 'verdict' | 'field' | 'value'
  readonly ours: readonly string[]
  readonly theirs: readonly string[]
  readonly object: unknown
}

/** Random objects of every kind and version that the channel serves, each kind as often as the others. */
export function makeQuestions(channel: Channel, count: number, seed: number): readonly Question[] {
  const dice = new Dice(seed)
  const sampler = new SchemaSampler(dice)
  const served = kinds
    .filter(({ group }) => group === '' || group.endsWith('k8s.io'))
    .flatMap((kind) => Object.entries(kind.schemas[channel]).map(([version, schema]) => ({ kind, version, schema })))
  return Array.from({ length: count }, (_, index) => {
    const { kind, version, schema } = served[index % served.length] ?? dice.pick(served)
    return makeQuestion(kind, version, makeObject(kind, version, schema, sampler, dice))
  })
}

function makeQuestion(kind: Kind, version: string, object: Readonly<Record<string, unknown>>): Question {
  const { group, plural, namespaced } = kind
  return { kind, object, path: { group, version, plural, namespaced } }
}

function makeObject(
  kind: Kind,
  version: string,
  schema: ObjectSchema,
  sampler: SchemaSampler,
  dice: Dice,
): Readonly<Record<string, unknown>> {
  const { status: _status, ...properties } = schema.properties
  const fields = sampler.sample({ ...schema, properties }) as Readonly<Record<string, unknown>>
  const apiVersion = apiVersionOf({ group: kind.group, version })
  let object: Record<string, unknown> = { apiVersion, kind: kind.kind, metadata: makeMetadata(dice), ...fields }
  const slips = dice.pick([0, 1, 1, 1, 2, 3])
  for (let slip = 0; slip < slips; slip++) {
    const isOfMetadata = dice.isHit(0.06)
    object = mutate(object, isOfMetadata ? ['metadata'] : Object.keys(properties), dice)
  }
  return object
}

function makeMetadata(dice: Dice): Readonly<Record<string, unknown>> {
  const labels = () => ({ [dice.isHit(0.8) ? 'app' : dice.pick(texts)]: dice.isHit(0.8) ? 'a' : dice.pick(texts) })
  return {
    name: 'test',
    ...(dice.isHit(0.2) ? { labels: labels() } : {}),
    ...(dice.isHit(0.2) ? { annotations: labels() } : {}),
  }
}

/** What is different about the answers to one object; undefined when nothing is. */
export function compareAnswers(question: Question, theirs: ApiVerdict, channel: Channel): Difference | undefined {
  const { kind, object } = question
  const options: ParseOptions = { channel, checkRules }
  const ours = parseObject(object, options)
  const difference = (what: Difference['what'], we: readonly string[], they: readonly string[]): Difference => {
    return { kind: kind.kind, what, ours: we, theirs: they, object }
  }
  const said = ours.ok ? [] : ours.error.map(({ field, message }) => `${field}: ${message}`)
  if (theirs.kind === 'taken') {
    if (!ours.ok) return difference('verdict', said, ['taken'])
    const wrong = differingFields(ours.value, theirs.object)
    return wrong.length === 0 ? undefined : difference('value', wrong, [])
  }
  const theirWords = [`${theirs.status} ${theirs.message}`]
  if (ours.ok) return difference('verdict', ['taken'], theirWords)
  const fields = ours.error.map(({ field }) => plainPath(field))
  return isAbout(fields, theirs) ? undefined : difference('field', said, theirWords)
}

/** A path as the API server writes it: `a.b c[0]` for our `a["b c"][0]`. */
function plainPath(field: string): string {
  return parsePath(field)
    .map((segment) => (typeof segment === 'number' ? `[${segment}]` : `.${segment}`))
    .join('')
    .slice(1)
}

/** Whether every field that the API server names is, holds or is held by one that we name. */
function isAbout(ours: readonly string[], theirs: Extract<ApiVerdict, { kind: 'refused' }>): boolean {
  return theirs.fields.every((field) => ours.some((own) => isBelow(own, field) || isBelow(field, own)))
}

function isBelow(field: string, other: string): boolean {
  return field === other || field.startsWith(`${other}.`) || field.startsWith(`${other}[`)
}

/** Top-level fields that we hold and that the server's object has not, or has otherwise. */
function differingFields(ours: object, theirs: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(ours)
    .filter(([name]) => !['apiVersion', 'kind', 'metadata', 'status'].includes(name))
    .filter(([name, value]) => !structuralEqual(value, theirs[name]))
    .map(([name, value]) => `${name}: ${JSON.stringify(value)} / ${JSON.stringify(theirs[name])}`)
}
