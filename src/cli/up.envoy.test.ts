import { once } from 'node:events'
import { createServer } from 'node:net'
import { request } from 'node:https'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { get, until } from '../testing/envoy-rig.ts'
import { type LogEvent, type Ports, UpRig } from '../testing/up-rig.ts'

let rig: UpRig | undefined
afterEach(() => rig?.dispose())

const certificateFlags = ['--dev-certificate', 'infra/edge-tls=shop.example.com,*.apps.example.com']

async function serving(flags: readonly string[] = certificateFlags, change?: (ports: Ports) => void): Promise<UpRig> {
  const started = await UpRig.start(flags, change)
  rig = started
  await started.event(({ msg }) => msg === 'serving')
  return started
}

function isStatus(object: string, verdict: string) {
  return (event: LogEvent) => event.msg === 'status' && event.object === object && event.verdict === verdict
}

async function serviceOf(port: number, host: string, path: string, headers: Record<string, string> = {}) {
  const answer = await get(port, host, path, headers)
  const body: unknown = answer.status === 200 ? JSON.parse(answer.body) : {}
  return { status: answer.status, ...(typeof body === 'object' ? body : {}) }
}

function overTls(up: UpRig, host: string, path: string): Promise<number | undefined> {
  const ca = readFileSync(join(up.folder, 'cache', 'dev-certificates', 'infra.edge-tls.crt'))
  const options = {
    host: '127.0.0.1',
    port: up.ports.https,
    servername: host,
    path,
    headers: { host },
    ca,
    agent: false,
  }
  return new Promise((resolve, reject) => {
    request(options, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
      .on('error', reject)
      .end()
  })
}

function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    return false
  }
}

function pidOf(event: LogEvent): number {
  return Number(event.pid)
}

describe('fairlead up', () => {
  test('serves every route of the quickstart', async () => {
    const up = await serving()
    const { http } = up.ports
    const canary = { 'x-canary': 'true' }
    expect(await serviceOf(http, 'shop.example.com', '/api/orders/7', canary)).toMatchObject({ service: 'orders-v2' })
    expect(await serviceOf(http, 'a.apps.example.com', '/')).toMatchObject({ service: 'orders-v1', path: '/' })
    expect((await get(http, 'shop.example.com', '/orders/7')).headers.location).toBe(
      `http://shop.example.com:${http}/api/orders/7`,
    )
    expect((await get(http, 'shop.example.com', '/nowhere')).status).toBe(404)
    expect(await overTls(up, 'shop.example.com', '/api/orders')).toBe(200)
    expect((await get(up.ports.admin, '127.0.0.1', '/readyz')).status).toBe(200)
    expect((await get(up.ports.envoyAdmin, '127.0.0.1', '/ready')).body).toBe('LIVE\n')
    const split = await Promise.all(
      Array.from({ length: 60 }, () => serviceOf(http, 'shop.example.com', '/api/orders')),
    )
    expect(new Set(split.map((answer) => answer.status))).toEqual(new Set([200]))
  })

  test('an edit takes effect and is told with the object and how long it took', async () => {
    const up = await serving()
    up.edit('apps.yaml', 'name: orders-v1', 'name: orders-v2')
    const told = await up.event(({ msg }) => msg === 'files changed')
    expect(told).toMatchObject({
      files: [join(up.folder, 'objects', 'apps.yaml')],
      changed: ['HTTPRoute apps/wildcard'],
      resources: { scope: 2 },
      ms: expect.any(Number),
    })
    expect(await serviceOf(up.ports.http, 'a.apps.example.com', '/')).toMatchObject({ service: 'orders-v2' })
  })

  test('a broken edit names file, line, column, field and remedy, and the last good version keeps serving', async () => {
    const up = await serving()
    up.edit('orders.yaml', 'weight: 90', 'weight: ninety')
    expect(await up.event(({ msg }) => msg === 'problem in a file')).toMatchObject({
      file: join(up.folder, 'objects', 'orders.yaml'),
      line: 28,
      column: 11,
      field: 'spec.rules[0].backendRefs[0].weight',
      problem: expect.stringContaining('ninety'),
      remedy: 'write a number',
    })
    expect((await get(up.ports.http, 'shop.example.com', '/api/orders')).status).toBe(200)
    up.edit('orders.yaml', 'weight: ninety', 'weight: 50')
    await up.event(({ msg }) => msg === 'all files are valid again')
  })

  test('a reference to nothing is a problem of that route alone', async () => {
    const up = await serving()
    up.edit('orders.yaml', /name: orders-v2/g, 'name: gone')
    expect(await up.event(isStatus('HTTPRoute shop/orders', 'PROBLEM'))).toMatchObject({
      problems: [{ type: 'ResolvedRefs', reason: 'BackendNotFound', message: expect.stringContaining('shop/gone') }],
    })
    expect(await serviceOf(up.ports.http, 'a.apps.example.com', '/')).toMatchObject({ service: 'orders-v1' })
  })

  test('an Envoy that is killed starts again and serves', async () => {
    const up = await serving()
    const since = up.events.length
    process.kill(pidOf(await up.event(({ msg }) => msg === 'envoy started')), 'SIGKILL')
    await up.event(({ msg }) => msg === 'envoy started', since)
    await until(
      () => get(up.ports.http, 'a.apps.example.com'),
      ({ status }) => status === 200,
      { what: 'an answer of the new Envoy' },
    )
  })

  test('SIGINT ends Envoy and frees every port', async () => {
    const up = await serving()
    const pid = pidOf(await up.event(({ msg }) => msg === 'envoy started'))
    expect(await up.end('SIGINT')).toBe(0)
    expect(isAlive(pid)).toBe(false)
    for (const port of Object.values(up.ports)) expect((await get(port, 'x')).body).toBe('ECONNREFUSED')
  })

  test('Envoy does not outlive a control plane that is killed', async () => {
    const up = await serving()
    const pid = pidOf(await up.event(({ msg }) => msg === 'envoy started'))
    await up.end('SIGKILL')
    await until(
      () => isAlive(pid),
      (alive) => !alive,
      { what: 'the end of Envoy' },
    )
  })

  test('a port that another program has is not programmed, with errno and owner, and is taken once it is free', async () => {
    const blocker = createServer()
    const up = await serving(certificateFlags, ({ http }) => blocker.listen(http, '127.0.0.1'))
    const isOwned = ({ problems }: LogEvent) => JSON.stringify(problems ?? '').includes(`(pid ${process.pid})`)
    expect(await up.event(isOwned)).toMatchObject({
      object: 'Gateway infra/edge',
      problems: [{ type: 'Programmed', message: expect.stringContaining('EADDRINUSE') }],
    })
    expect(await overTls(up, 'shop.example.com', '/api/orders')).toBe(200)
    blocker.close()
    await once(blocker, 'close')
    await up.event(isStatus('Gateway infra/edge', 'programmed'))
    expect((await get(up.ports.http, 'a.apps.example.com')).status).toBe(200)
  })

  test('a second Gateway gets an Envoy of its own, and loses it with its file', async () => {
    const up = await serving([])
    const port = up.ports.https // Free: without a certificate nothing listens there.
    up.add(
      'second.yaml',
      `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {namespace: shop, name: second}
spec:
  gatewayClassName: fairlead
  listeners: [{name: http, protocol: HTTP, port: ${port}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {namespace: shop, name: second}
spec:
  parentRefs: [{name: second}]
  rules: [{backendRefs: [{name: orders-v2, port: 80}]}]
`,
    )
    await up.event(isStatus('Gateway shop/second', 'programmed'))
    expect(await serviceOf(port, 'any.example', '/')).toMatchObject({ service: 'orders-v2' })
    up.add('second.yaml', '')
    await until(
      () => get(port, 'any.example'),
      ({ body }) => body === 'ECONNREFUSED',
      { what: 'the end of the second Envoy' },
    )
    expect((await get(up.ports.http, 'a.apps.example.com')).status).toBe(200)
  })

  test('a port that another Gateway has is not programmed and names that Gateway, which goes on serving', async () => {
    const up = await serving([])
    up.add(
      'second.yaml',
      `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {namespace: shop, name: second}
spec:
  gatewayClassName: fairlead
  listeners: [{name: http, protocol: HTTP, port: ${up.ports.http}}]
`,
    )
    const isNamed = ({ problems }: LogEvent) =>
      JSON.stringify(problems ?? '').includes('the Envoy of Gateway infra/edge')
    expect(await up.event(isNamed)).toMatchObject({ object: 'Gateway shop/second', verdict: 'PROBLEM' })
    expect((await get(up.ports.http, 'a.apps.example.com')).status).toBe(200)
  })

  test('says who has the xDS port and exits with 1', async () => {
    const blocker = createServer()
    rig = await UpRig.start([], ({ xds }) => blocker.listen(xds, '127.0.0.1'))
    const said = await rig.event(({ msg }) => msg.includes('cannot listen'))
    expect(said.msg).toContain(`xDS cannot listen on 127.0.0.1:${rig.ports.xds}: EADDRINUSE, it is taken by`)
    expect(said.msg).toContain(`(pid ${process.pid})`)
    blocker.close()
  })
})
