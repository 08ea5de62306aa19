import { afterEach, expect, test } from 'vitest'
import { makeResource, type NamedResource } from '../envoy/resource.ts'
import { ok } from '../lib/result.ts'
import { FakeEnvoy } from './fake-envoy.ts'
import { Feedback } from './feedback.ts'
import { XdsServer } from './server.ts'
import { ResourceStore } from './store.ts'

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

const cluster = (name: string) => makeResource('cluster', name, { name, lbPolicy: 1 })

test('a bug in what one Gateway is sent ends its stream, and no other', async () => {
  const store = new ResourceStore()
  const set = (gateway: string, resource: NamedResource) =>
    ({ gateway, type: 'cluster', name: resource.name, resource }) as const
  store.apply({ resources: [set('a/bad', cluster('one')), set('a/good', cluster('one'))], endpoints: [] })
  store.markSynced()
  const server = new XdsServer({ store, feedback: new Feedback() })
  open.push(server)
  const { port } = await server.listen('127.0.0.1:0')
  const connect = async (gateway: string) => {
    const envoy = new FakeEnvoy({ port, gateway, nodeId: gateway })
    open.push(envoy)
    envoy.request('cluster')
    envoy.answer(await envoy.next('cluster'))
    return envoy
  }
  const [bad, good] = [await connect('a/bad'), await connect('a/good')]
  const broken = { ...cluster('two') }
  Object.defineProperty(broken, 'bytes', {
    get: () => {
      throw new Error('a bug')
    },
  })
  store.apply({ resources: [set('a/bad', broken), set('a/good', cluster('two'))], endpoints: [] })
  expect((await bad.ended).code).toBe(13)
  const { resources } = await good.next('cluster')
  expect(resources.map(({ name }) => name)).toEqual(['two'])
})

test('a bug in whether a client may have its configuration ends its stream, and no other', async () => {
  const store = new ResourceStore()
  const resource = cluster('one')
  const resources = ['a/bad', 'a/good'].map((gateway) => ({ gateway, type: 'cluster', name: 'one', resource }) as const)
  store.apply({ resources, endpoints: [] })
  store.markSynced()
  const mayRun = (gateway: string) => {
    if (gateway === 'a/bad') throw new Error('a bug')
    return true
  }
  const authenticate = () => Promise.resolve(ok({ name: 'anybody', mayRun }))
  const server = new XdsServer({ store, feedback: new Feedback(), authenticate })
  open.push(server)
  const { port } = await server.listen('127.0.0.1:0')
  const [bad, good] = ['a/bad', 'a/good'].map((gateway) => new FakeEnvoy({ port, gateway, nodeId: gateway }))
  for (const envoy of [bad, good]) {
    if (envoy !== undefined) open.push(envoy)
    envoy?.request('cluster')
  }
  expect((await bad?.ended)?.code).toBe(13)
  expect((await good?.next('cluster'))?.resources.map(({ name }) => name)).toEqual(['one'])
})
