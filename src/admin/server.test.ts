import { connect } from 'node:net'
import { text as readText } from 'node:stream/consumers'
import { afterEach, describe, expect, test } from 'vitest'
import { createMetrics } from '../lib/metrics.ts'
import { baseObjects } from '../testing/golden.ts'
import { pipelineRig } from '../testing/pipeline-rig.ts'
import { adminPages } from './pages.ts'
import { AdminServer } from './server.ts'

let server: AdminServer | undefined

afterEach(() => server?.close())

async function serve() {
  const rig = pipelineRig()
  for (const object of baseObjects()) {
    rig.set(object)
  }
  rig.graph.flush()
  const refusals: object[] = []
  let missing: string | undefined = 'the configuration is not read yet'
  const impaired: string[] = []
  server = new AdminServer(
    adminPages({
      graph: rig.graph,
      metrics: createMetrics(),
      notReady: () => missing,
      impaired: () => impaired,
      proxies: () => [{ node: 'one' }],
      refusals: () => refusals,
      statuses: rig.outputs.statuses,
      resources: rig.outputs.resources,
      endpoints: rig.outputs.endpoints,
      diagnostics: () => [],
    }),
  )
  const { port } = await server.listen('127.0.0.1', 0)
  const get = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, init)
    return { status: response.status, body: await response.text() }
  }
  return { get, port, refusals, impaired, becomeReady: () => (missing = undefined) }
}

describe('the admin interface', () => {
  test('is ready only when nothing is missing and says what is', async () => {
    const { get, becomeReady } = await serve()
    expect(await get('/readyz')).toEqual({ status: 503, body: 'the configuration is not read yet\n' })
    becomeReady()
    expect(await get('/readyz')).toEqual({ status: 200, body: 'ok\n' })
    expect((await get('/healthz')).status).toBe(200)
  })

  test('says what is wrong though it is ready', async () => {
    const { get, impaired, becomeReady } = await serve()
    becomeReady()
    impaired.push('HTTPRoute: it may not be read')
    expect(await get('/readyz')).toEqual({ status: 200, body: 'ok\nHTTPRoute: it may not be read\n' })
  })

  test('counts what is wrong now', async () => {
    const { get, refusals } = await serve()
    expect((await get('/metrics')).body).toMatch(/^fairlead_refusals 0$/m)
    refusals.push({})
    const { body } = await get('/metrics')
    expect(body).toMatch(/^fairlead_refusals 1$/m)
    expect(body).toMatch(/^fairlead_input_problems 0$/m)
    expect(body).toMatch(/^fairlead_failing_transforms 0$/m)
  })

  test.each(['//', '/\\\\', 'http://[', '*', '%'])('a request for %s is answered and ends nothing', async (target) => {
    const { get, port } = await serve()
    const socket = connect(port, '127.0.0.1')
    socket.write(`GET ${target} HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n\r\n`)
    expect(await readText(socket)).toMatch(/^HTTP\/1\.1 40[04] /)
    expect((await get('/healthz')).status).toBe(200)
  })

  test('lists its pages and names them on a path that is none', async () => {
    const { get } = await serve()
    expect((await get('/debug')).body).toContain('/debug/proxies')
    expect(await get('/nope')).toMatchObject({ status: 404, body: expect.stringContaining('/metrics') })
  })

  test('shows statuses, proxies, resources and what a status was made from', async () => {
    const { get } = await serve()
    expect((await get('/debug/status')).body).toContain('GatewayClass//fairlead')
    expect((await get('/debug/proxies')).body).toContain('"node": "one"')
    expect((await get('/debug/resources')).body).toContain('default/a/80')
    expect((await get('/debug/resources?name=default/a/80')).body).toContain('10.0.0.1')
    expect((await get('/debug/graph?explain=GatewayClass//fairlead')).body).toContain('classStatuses')
    expect((await get('/debug/graph?explain=none')).status).toBe(404)
  })

  test('refuses everything that is not a read', async () => {
    const { get } = await serve()
    expect((await get('/readyz', { method: 'POST' })).status).toBe(405)
  })

  test('says which address could not be bound', async () => {
    const { port } = await serve()
    const second = new AdminServer([])
    await expect(second.listen('127.0.0.1', port)).rejects.toThrow(`cannot listen on 127.0.0.1:${port}`)
  })
})
