/** Objects that are put before our parser and before a real API server, and what is different in the answers. */
import { isRecord } from '../api/compile.ts'
import { parsePath } from '../api/field-path.ts'
import { apiVersionOf, type Kind, kinds } from '../api/kinds.ts'
import { parseObject } from '../api/parse.ts'
import type { ParseProblem } from '../api/parse-problem.ts'
import { checkRules } from '../api/rules.ts'
import type { Channel, ObjectSchema } from '../api/schema.ts'
import { structuralEqual } from '../lib/equal.ts'
import type { ApiServer } from './api-server.ts'
import { type ApiPath, type ApiVerdict, type RefusedVerdict, VerdictClient } from './api-verdict.ts'
import { coreSamples } from './core-samples.ts'
import { Dice } from './dice.ts'
import { mutate } from './mutations.ts'
import { SchemaSampler, texts } from './schema-samples.ts'

/** A kind in one of the versions that a server has, and how it is parsed here. */
export interface Subject {
  readonly kind: Kind
  readonly version: string
  readonly schema: ObjectSchema
  readonly parse: (object: Fields) => ReturnType<typeof parseObject>
}

/** An object and where it would be created. */
export interface Question {
  readonly subject: Subject
  readonly path: ApiPath
  readonly object: Fields
}

type Fields = Readonly<Record<string, unknown>>

/** An object that is answered differently. */
export interface Difference {
  readonly kind: string
  /** `verdict`: one takes it, the other not; `field`: they name different fields; `value`: defaults differ. */
  readonly what: 'verdict' | 'field' | 'value'
  readonly ours: readonly string[]
  readonly theirs: readonly string[]
  readonly object: unknown
  /** Why it is so and stays so; undefined for what should not be. */
  readonly known: string | undefined
}

/** Differences that are meant, each with its reason. */
const knownDifferences: readonly {
  readonly why: string
  isIt(difference: Omit<Difference, 'known'>): boolean
}[] = [
  {
    why: 'it depends on the cluster which addresses and ports of nodes a Service may have',
    isIt: ({ kind, theirs }) =>
      kind === 'Service' &&
      /on this cluster|dual-stack|provided (?:port|IP)|odePort: (?:Duplicate|Invalid) value/.test(theirs[0] ?? ''),
  },
  {
    why: 'backends of a standalone gateway are local: addresses of this machine and link are taken',
    isIt: ({ kind, theirs }) => kind === 'EndpointSlice' && /loopback|link-local/.test(theirs[0] ?? ''),
  },
  {
    why: 'the API server takes a list of numbers for bytes; nobody writes them so',
    isIt: ({ kind, ours }) =>
      ['ConfigMap', 'Secret'].includes(kind) && /ata.*(?:must be text, but .* is a list)/.test(ours[0] ?? ''),
  },
  {
    why: 'the API server chooses node ports that are 0',
    isIt: ({ kind, what, ours }) => kind === 'Service' && what === 'value' && /odePort":0/.test(ours[0] ?? ''),
  },
  {
    why: 'the API server drops deprecatedTopology, which means nothing to us',
    isIt: ({ kind, what, ours }) =>
      kind === 'EndpointSlice' && what === 'value' && /deprecatedTopology/.test(ours[0] ?? ''),
  },
  {
    why: 'line breaks inside base64 stay as they were written',
    isIt: ({ kind, what, ours }) =>
      ['ConfigMap', 'Secret'].includes(kind) && what === 'value' && /\\n/.test(ours[0] ?? ''),
  },
  {
    why: 'null in a list of a core kind is an empty text there, which nobody means',
    isIt: ({ ours }) => ours.some((one) => /\]: must be .*, but null is nothing/.test(one)),
  },
  {
    why: 'the API server adds its finalizer to a Namespace, which means nothing to us',
    isIt: ({ kind, what }) => kind === 'Namespace' && what === 'value',
  },
  {
    why: 'the API server labels a Namespace with its name before it looks at the name',
    isIt: ({ kind, what, ours }) =>
      kind === 'Namespace' && what === 'field' && ours.some((one) => one.startsWith('metadata.name')),
  },
]

/** What we read of an API server with the definitions of a channel. */
export function subjectsOf(channel: Channel): readonly Subject[] {
  const parse = (object: Fields) => parseObject(object, { channel, checkRules })
  return kinds
    .filter(({ group }) => group === '' || group.endsWith('k8s.io'))
    .flatMap((kind) =>
      Object.entries(kind.schemas[channel]).map(([version, schema]) => ({ kind, version, schema, parse })),
    )
}

/** Random objects, of each subject as many. */
export function makeQuestions(subjects: readonly Subject[], count: number, seed: number): readonly Question[] {
  const dice = new Dice(seed)
  const sampler = new SchemaSampler(dice)
  return Array.from({ length: count }, (_, index) => {
    const subject = subjects[index % subjects.length] ?? dice.pick(subjects)
    const { group, plural, namespaced } = subject.kind
    const path = { group, version: subject.version, plural, namespaced }
    return { subject, path, object: makeObject(subject, sampler, dice) }
  })
}

function makeObject({ kind, version, schema }: Subject, sampler: SchemaSampler, dice: Dice): Fields {
  const { status: _status, ...properties } = schema.properties
  sampler.fullness = dice.pick([0.3, 0.7, 1])
  const good = dice.isHit(0.7) ? coreSamples[kind.kind] : undefined
  const fields = good === undefined ? sampler.sample({ ...schema, properties }) : dice.pick(good)
  const apiVersion = apiVersionOf({ group: kind.group, version })
  let object: Record<string, unknown> = { apiVersion, kind: kind.kind, metadata: makeMetadata(dice), ...Object(fields) }
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
export function compareAnswers({ subject, object }: Question, theirs: ApiVerdict): Difference | undefined {
  const { kind, parse } = subject
  const ours = parse(object)
  const difference = (what: Difference['what'], we: readonly string[], they: readonly string[]): Difference => {
    const found = { kind: kind.kind, what, ours: we, theirs: they, object }
    return { ...found, known: knownDifferences.find(({ isIt }) => isIt(found))?.why }
  }
  const said = ours.ok ? [] : ours.error.map(({ field, message }) => `${field}: ${message}`)
  if (theirs.kind === 'taken') {
    if (!ours.ok) return difference('verdict', said, ['taken'])
    const wrong = differingFields(
      ours.value,
      theirs.object,
      kind.group.startsWith('gateway') ? structuralEqual : isPart,
    )
    return wrong.length === 0 ? undefined : difference('value', wrong, [])
  }
  const theirWords = [`${theirs.status} ${theirs.message}`]
  if (ours.ok) return difference('verdict', ['taken'], theirWords)
  // Of core kinds some checks come before others there.
  const verdict = { ...theirs, isComplete: theirs.isComplete && kind.group.startsWith('gateway') }
  return isAbout(ours.error, verdict) ? undefined : difference('field', said, theirWords)
}

/** A path in a form that is the same for `a["b c"][0]`, as we write it, and `a.b c[0]` or `a[b c][0]`, as they do. */
function plainPath(field: string): string {
  const path = parsePath(field)
    .map((segment) => `.${segment}`)
    .join('')
  return sameAddress(path.toLowerCase())
}

/** `clusterIP` and `clusterIPs` of a Service are one: they name the latter, also when it was not written. */
function sameAddress(path: string): string {
  return path.startsWith('.spec.clusterip') ? '.spec.clusterip' : path
}

function theirPath(field: string): string {
  const path = `.${field.replaceAll('[', '.').replaceAll(']', '')}`.toLowerCase()
  // They do not say which item of these lists it is.
  return sameAddress(path.replace(/^(\.metadata\.(?:ownerreferences|finalizers)).*/, '$1'))
}

/**
 * Whether they name what we name. Ours may be nearer to the mistake than theirs, or above it where the value as a whole
 * is wrong: we do not look into a list that is too long, nor into a mapping that should be a text. Where they stop early
 * we may go on.
 */
function isAbout(problems: readonly ParseProblem[], theirs: RefusedVerdict): boolean {
  const ours = problems.map(({ field, reason }) => ({
    path: plainPath(field),
    isWhole: reason === 'TooLong' || reason === 'WrongType' || reason === 'MissingField',
  }))
  const named = theirs.fields.map(theirPath)
  // A target port that is not written is the port, and wrong with it.
  const theirFields = named.filter(
    (field) => !named.includes(field.replace(/targetport$/, 'port')) || !/targetport$/.test(field),
  )
  const isFound = theirFields.every((field) =>
    ours.some(({ path, isWhole }) => isBelow(path, field) || (isWhole && isBelow(field, path))),
  )
  return isFound && (!theirs.isComplete || ours.every(({ path }) => theirFields.some((field) => isBelow(path, field))))
}

function isBelow(field: string, other: string): boolean {
  return field === other || field.startsWith(`${other}.`)
}

/** Top-level fields that we hold and that the server's object has not, or has otherwise. To core kinds it adds more. */
function differingFields(
  ours: object,
  theirs: Readonly<Record<string, unknown>>,
  isSame: (ours: unknown, theirs: unknown) => boolean,
): readonly string[] {
  return Object.entries(ours)
    .filter(([name]) => !['apiVersion', 'kind', 'metadata', 'status'].includes(name))
    .filter(([name, value]) => !isSame(withoutEmpty(value), withoutEmpty(theirs[name])))
    .map(([name, value]) => `${name}: ${JSON.stringify(value)} / ${JSON.stringify(theirs[name])}`)
}

/** Without fields that hold nothing: Go leaves them out. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(withoutEmpty)
  if (typeof value !== 'object' || value === null) return value ?? undefined
  const entries = Object.entries(value).map(([name, child]) => [name, withoutEmpty(child)])
  const kept = entries.filter(([, child]) => child !== undefined)
  return kept.length === 0 ? undefined : Object.fromEntries(kept)
}

function isPart(ours: unknown, theirs: unknown): boolean {
  if (Array.isArray(ours)) {
    return (
      Array.isArray(theirs) && ours.length === theirs.length && ours.every((item, index) => isPart(item, theirs[index]))
    )
  }
  // Go leaves out what is empty.
  if (!isRecord(ours)) return ours === theirs || (theirs === undefined && (ours === '' || ours === false))
  return isRecord(theirs) && Object.entries(ours).every(([name, value]) => isPart(value, theirs[name]))
}

/** Puts every question before the server, several at a time. Ends with the differences, meant ones too. */
export async function askAll(server: ApiServer, questions: readonly Question[]): Promise<readonly Difference[]> {
  const connections = 8
  const client = new VerdictClient(server, connections)
  const open = questions.values()
  const differences: Difference[] = []
  const ask = async () => {
    for (const question of open) {
      const difference = compareAnswers(question, await client.ask(question.path, question.object))
      if (difference !== undefined) differences.push(difference)
    }
  }
  await Promise.all(Array.from({ length: connections }, ask))
  await client.close()
  return differences
}
