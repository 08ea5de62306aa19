/**
 * The kinds of the Gateway API that we do not read, put before a real API server and before a parser made of their
 * definitions: with them all CEL rules of the release are evaluated, and the generator is held to every keyword.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { compileExpression } from '../../src/api/cel.ts'
import type { Kind } from '../../src/api/kinds.ts'
import { parseAs } from '../../src/api/parse.ts'
import { checkRules } from '../../src/api/rules.ts'
import type { Channel, Schema } from '../../src/api/schema.ts'
import { type ApiServer, startApiServer } from '../../src/testing/api-server.ts'
import { askAll, makeQuestions, type Subject } from '../../src/testing/differential.ts'
import { type CrdVersion, readCrd } from './crd.ts'

const seed = Number(process.env.FAIRLEAD_SEED ?? Math.floor(Math.random() * 1e9))
const count = Number(process.env.FAIRLEAD_OBJECTS ?? 2000)
let server: ApiServer | undefined
afterAll(() => server?.stop())

function read(channel: Channel): readonly CrdVersion[] {
  const folder = join(process.env.FAIRLEAD_GATEWAY_API ?? '', channel)
  return readdirSync(folder)
    .filter((name) => /^gateway\.networking\.(?:x-)?k8s\.io_(?!vap_).*\.yaml$/.test(name))
    .flatMap((name) => readCrd(readFileSync(join(folder, name), 'utf8'), channel))
}

function rulesOf(schema: Schema): readonly string[] {
  const own = (schema.rules ?? []).map(({ rule }) => rule)
  if (schema.type === 'array') return [...own, ...rulesOf(schema.items)]
  if (schema.type === 'map') return [...own, ...rulesOf(schema.values)]
  return schema.type === 'object' ? [...own, ...Object.values(schema.properties).flatMap(rulesOf)] : own
}

function subjectOf({ group, kind, plural, namespaced, version, schema }: CrdVersion): Subject {
  if (schema.type !== 'object') throw new Error('a kind is an object')
  const schemas = { standard: {}, experimental: { [version]: schema } }
  const more = { required: false, verbs: [], writesStatus: false, nameRule: 'subdomain' } as const
  // The name is none that we know, which only types mind.
  const own = { group, version, kind: kind as Kind['kind'], plural, namespaced, schemas, ...more }
  const parse: Subject['parse'] = (object) => parseAs(object, { kind: own, schema }, { checkRules })
  return { kind: own, version, schema, parse }
}

test('all 120 CEL rules of the release compile', () => {
  const rules = new Set([...read('standard'), ...read('experimental')].flatMap(({ schema }) => rulesOf(schema)))
  expect(rules.size).toBe(120)
  for (const rule of rules) expect(() => compileExpression(rule), rule).not.toThrow()
})

test(`we and an API server agree on ${count} objects of other kinds (seed ${seed})`, async () => {
  server = await startApiServer()
  await server.installGatewayApi('experimental')
  const foreign = read('experimental').filter(({ group }) => group !== 'gateway.networking.k8s.io')
  expect(foreign.length).toBeGreaterThan(0)
  const differences = await askAll(server, makeQuestions(foreign.map(subjectOf), count, seed))
  expect(differences.filter(({ known }) => known === undefined)).toEqual([])
})
