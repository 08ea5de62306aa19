/** What a user does first: examples/kubernetes/quickstart.yaml, as its head says. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HttpConnection } from '../src/testing/http-connection.ts'
import { waitFor } from './cluster/command.ts'
import { currentCluster } from './cluster/facts.ts'

const { runKubectl } = currentCluster()
const inQuickstart = (...args: readonly string[]) => runKubectl(['-n', 'quickstart', ...args])

describe('the quickstart', () => {
  beforeAll(async () => {
    const file = join(import.meta.dirname, '../examples/kubernetes/quickstart.yaml')
    await runKubectl(['apply', '--server-side', '-f', file])
    await inQuickstart('wait', '--for=condition=Programmed', 'gateway/edge', '--timeout=120s')
    await inQuickstart('rollout', 'status', 'deployment/echo', '--timeout=60s')
    // kube-proxy answers for an address some time after a Service was given it.
    await waitFor(
      'the address of the Gateway answers',
      30,
      async () => (await ask('any').catch(() => undefined)) !== undefined,
    )
  })
  afterAll(() => runKubectl(['delete', 'namespace', 'quickstart', '--wait=false']))

  const ask = async (host: string) => {
    const address = await inQuickstart('get', 'gateway', 'edge', '-o', 'jsonpath={.status.addresses[0].value}')
    const connection = new HttpConnection({ port: 80, address })
    try {
      return await connection.get({ host, path: '/anything' })
    } finally {
      connection.close()
    }
  }

  test('a request for the host of the route reaches a pod of its backend', async () => {
    const { status, body } = await ask('echo.example.com')
    expect(status).toBe(200)
    expect(JSON.parse(body)).toMatchObject({ path: '/anything', host: 'echo.example.com', namespace: 'quickstart' })
  })

  test('a request for another host is answered with 404', async () => {
    expect((await ask('other.example.com')).status).toBe(404)
  })

  test('the status of class, Gateway and route says that all is well', async () => {
    const accepted = 'jsonpath={.status.conditions[?(@.type=="Accepted")].status}'
    expect(await runKubectl(['get', 'gatewayclass', 'fairlead', '-o', accepted])).toBe('True')
    expect(await inQuickstart('get', 'gateway', 'edge', '-o', accepted)).toBe('True')
    const resolved = 'jsonpath={.status.parents[*].conditions[?(@.type=="ResolvedRefs")].status}'
    expect(await inQuickstart('get', 'httproute', 'echo', '-o', resolved)).toBe('True')
  })
})
