/**
 * Random objects of every kind and version, put before a real API server and before our parser: they take and refuse the
 * same, for the same fields, and give the same defaults. FAIRLEAD_SEED repeats a run; FAIRLEAD_OBJECTS asks more.
 */
import { afterAll, describe, expect, test } from 'vitest'
import { type ApiServer, startApiServer } from '../testing/api-server.ts'
import { askAll, makeQuestions, subjectsOf } from '../testing/differential.ts'
import { parseObject } from './parse.ts'
import { checkRules } from './rules.ts'
import type { Channel } from './schema.ts'

const seed = Number(process.env.FAIRLEAD_SEED ?? Math.floor(Math.random() * 1e9))
const count = Number(process.env.FAIRLEAD_OBJECTS ?? 6000)
const servers: ApiServer[] = []
afterAll(async () => {
  for (const server of servers) await server.stop()
})

describe('the parser and an API server', () => {
  test.each<Channel>(['standard', 'experimental'])(
    `agree on ${count} objects of the channel %s (seed ${seed})`,
    async (channel) => {
      const server = await startApiServer()
      servers.push(server)
      await server.installGatewayApi(channel)
      const differences = await askAll(server, makeQuestions(subjectsOf(channel), count, seed))
      const known = new Map<string, number>()
      for (const { known: why } of differences) if (why !== undefined) known.set(why, (known.get(why) ?? 0) + 1)
      console.log(`seed ${seed}, ${count} objects, differences that are meant:`, Object.fromEntries(known))
      expect(differences.filter((difference) => difference.known === undefined)).toEqual([])
    },
    600_000,
  )
})

describe('a change of what cannot change', () => {
  test('is refused by both, for the same field (GatewayClassSpec.controllerName)', async () => {
    const [server] = servers
    if (server === undefined) throw new Error('the tests above start a server')
    const gatewayClass = (controllerName: string) => ({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'GatewayClass',
      metadata: { name: 'changed' },
      spec: { controllerName },
    })
    await server.apply(JSON.stringify(gatewayClass('a.com/x')))
    await expect(server.apply(JSON.stringify(gatewayClass('a.com/y')))).rejects.toThrow('spec.controllerName')
    const old = parseObject(gatewayClass('a.com/x'))
    const oldObject = old.ok ? old.value : undefined
    const changed = parseObject(gatewayClass('a.com/y'), { checkRules, oldObject })
    expect(changed).toMatchObject({ ok: false, error: [{ field: 'spec.controllerName' }] })
  })
})
