/** What users get wrong, through the whole translation: it is said clearly, and nothing else changes. */
import { describe, expect, test } from 'vitest'
import { EventEmitter, once } from 'node:events'
import type { KubernetesObject } from './api/kinds.ts'
import { parseObject } from './api/parse.ts'
import type { ParseProblem } from './api/parse-problem.ts'
import { offlineSettings, openTranslation } from './cli/translation.ts'
import { badCases, crowded } from './testing/bad-cases.ts'
import { tlsGateway } from './testing/bad-certificates.ts'
import { type BadCase, controllerName, type Fields, goodWorld, secret } from './testing/bad-objects.ts'
import { testCertificate } from './testing/certificates.ts'
import { CliRig } from './testing/cli-rig.ts'
import { mustParse, type PipelineRig, pipelineRig } from './testing/pipeline-rig.ts'

const goodObjects = goodWorld(8080, { address: '10.0.0.1', port: 8080 })
const good = goodObjects.map(mustParse)
const tlsWorld = [...goodObjects, tlsGateway]

/** Longest condition message that the API server takes. */
const maxMessageChars = 32_768

function rigOf(objects: readonly KubernetesObject[]): PipelineRig {
  const rig = pipelineRig()
  for (const object of objects) rig.set(object)
  rig.graph.flush()
  return rig
}

/** Bytes of every resource, by key. */
function bytesOf({ outputs }: Pick<PipelineRig, 'outputs'>): ReadonlyMap<string, string> {
  return new Map([
    ...[...outputs.resources.entries()].map(([key, { resource }]) => [key, hex(resource.bytes)] as const),
    ...[...outputs.endpoints.entries()].map(([key, { bytes }]) => [key, hex(bytes)] as const),
  ])
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function describeParse({ field, message, remedy }: ParseProblem): string {
  return `${field}: ${message}${remedy === undefined ? '' : `; ${remedy}`}`
}

interface Condition {
  readonly type: string
  readonly status: string
  readonly message: string
}

/** Conditions at any depth. */
function conditionsOf(value: unknown): readonly Condition[] {
  if (Array.isArray(value)) return value.flatMap(conditionsOf)
  if (typeof value !== 'object' || value === null) return []
  return isCondition(value) ? [value] : Object.values(value).flatMap(conditionsOf)
}

function isCondition(value: object): value is Condition {
  return 'type' in value && 'status' in value && 'message' in value
}

/** What statuses and notices say is wrong with an object. Follow-ups of another condition are left out. */
function saidOf(
  { outputs }: Pick<PipelineRig, 'outputs'>,
  { kind, metadata: { namespace, name } }: KubernetesObject,
): readonly string[] {
  const key = `${kind}/${namespace}/${name}`
  const bad = conditionsOf(outputs.statuses.get(key)?.status).filter(({ type, status }) =>
    ['Accepted', 'ResolvedRefs'].includes(type) ? status === 'False' : type === 'PartiallyInvalid',
  )
  const notices = [...outputs.notices.entries()].flatMap(([, { object, field, message }]) =>
    object === key ? [`${field}: ${message}`] : [],
  )
  return [...new Set([...bad.flatMap(({ message }) => message.split('\n')), ...notices])]
}

/** What a user is told about a case, and the world with those objects in it that are let in. */
function judge({ objects }: Pick<BadCase, 'objects'>): { readonly said: readonly string[]; readonly rig: PipelineRig } {
  const warnings: string[] = []
  const parsed = objects.map((object) =>
    parseObject(object, { onWarning: (problem) => warnings.push(describeParse(problem)) }),
  )
  const rig = rigOf([...good, ...parsed.flatMap((result) => (result.ok ? [result.value] : []))])
  const said = parsed.flatMap((result) => (result.ok ? saidOf(rig, result.value) : result.error.map(describeParse)))
  return { said: [...warnings, ...said], rig }
}

/** Objects as one file. */
function list(items: readonly Fields[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items })
}

const alone = bytesOf(rigOf(good))

describe('bad input', () => {
  test.each(badCases.map((one) => ({ ...one })))('$what: it is said, and nothing else changes', (one) => {
    const { said, rig } = judge(one)
    expect(said).toEqual(one.says)
    const bytes = bytesOf(rig)
    for (const [key, value] of alone) expect(bytes.get(key), key).toBe(value)
    expect(rig.graph.trace().errors).toEqual([])
  })

  test('thousands of mistakes in one object stay readable and small enough for a status', () => {
    const { said, rig } = judge(crowded)
    expect(said.length).toBeGreaterThan(10)
    const status = rig.outputs.statuses.get('HTTPRoute/default/bad')?.status
    for (const { message } of conditionsOf(status)) expect(message.length).toBeLessThanOrEqual(maxMessageChars)
    expect(rig.graph.trace().errors).toEqual([])
  })

  const pair = testCertificate()
  const edits = [
    { to: 'one that does not parse', edited: secret({ ...pair, chain: 'hello' }) },
    { to: 'the certificate of another key', edited: secret({ ...pair, chain: testCertificate().chain }) },
    { to: 'a Secret of another type', edited: secret(pair, 'Opaque') },
  ]
  test.each(edits)('a good certificate that is edited to $to keeps serving', async ({ edited }) => {
    const files = new CliRig({ 'good.json': list(tlsWorld), 'secret.json': list([secret(pair)]) })
    const changes = new EventEmitter()
    const translation = openTranslation({
      paths: [files.root],
      settings: offlineSettings(controllerName),
      graph: { schedule: () => {} },
      onChange: () => changes.emit('change'),
    })
    translation.files.load()
    translation.graph.flush()
    const before = bytesOf(translation)
    expect(before.has('default/tls|secret|default/cert')).toBe(true)
    translation.files.watch()
    const change = once(changes, 'change')
    files.write('secret.json', list([edited]))
    await change
    translation.graph.flush()
    await translation.files.close()
    files.remove()
    expect(bytesOf(translation)).toEqual(before)
    expect(saidOf(translation, mustParse(tlsGateway))).toEqual([
      expect.stringMatching(/^spec.listeners\[0\].*certificateRefs\[0\]: .*; its last good certificate keeps serving$/),
    ])
  })
})
