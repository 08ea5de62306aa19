/** Connections that were opened before a change of listeners or hosts: their next request is answered as before or after. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { testCertificate } from './testing/certificates.ts'
import { freePort, type RunningEnvoy, startEnvoy, until } from './testing/envoy-rig.ts'
import { HttpConnection } from './testing/http-connection.ts'
import { LivePipeline } from './testing/live-pipeline.ts'
import { mustParse } from './testing/pipeline-rig.ts'

const gatewayVersion = 'gateway.networking.k8s.io/v1'
const host = 'x.a.test'
/** So many connections meet every worker, but for one in 2^10. */
const connections = 12

let pipeline: LivePipeline
let envoy: RunningEnvoy | undefined
let port: number
let tlsPort: number
let servers: readonly Server[]
let opened: HttpConnection[]

beforeEach(async () => {
  pipeline = new LivePipeline()
  port = await freePort()
  tlsPort = await freePort()
  opened = []
  servers = await Promise.all(['old', 'new'].map(serve))
  const controllerName = 'fairlead.dev/gateway-controller'
  set({ apiVersion: gatewayVersion, kind: 'GatewayClass', metadata: { name: 'fairlead' }, spec: { controllerName } })
  const { chain, key } = testCertificate({ dnsNames: ['*.a.test'] })
  const data = {
    'tls.crt': Buffer.from(chain).toString('base64'),
    'tls.key': Buffer.from(key).toString('base64'),
  }
  set({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'cert' }, type: 'kubernetes.io/tls', data })
})

afterEach(async () => {
  for (const connection of opened) connection.close()
  await envoy?.stop()
  await pipeline.stop()
  for (const server of servers) server.close().closeAllConnections()
})

function set(manifest: Readonly<Record<string, unknown>>): void {
  pipeline.set(mustParse(manifest))
}

/** A backend and the Service of its name. */
async function serve(name: string): Promise<Server> {
  const server = createServer((_request, response) => response.setHeader('x-backend', name).end())
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  set({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { ports: [{ port: 80 }] } })
  set({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ port: (server.address() as AddressInfo).port }],
    endpoints: [{ addresses: ['127.0.0.1'] }],
  })
  return server
}

interface ListenerShape {
  readonly name?: string
  readonly hostname?: string
}

const http = ({ name = 'http', ...rest }: ListenerShape = {}) => ({ name, ...rest, protocol: 'HTTP', port })
const https = ({ name = 'https', ...rest }: ListenerShape = {}) => ({
  ...{ name, ...rest, protocol: 'HTTPS', port: tlsPort },
  tls: { certificateRefs: [{ name: 'cert' }] },
})

function setGateway(...listeners: readonly unknown[]): void {
  const spec = { gatewayClassName: 'fairlead', listeners }
  set({ apiVersion: gatewayVersion, kind: 'Gateway', metadata: { name: 'edge' }, spec })
}

function setRoute(name: string, hostnames: readonly string[], service: string): void {
  const spec = { parentRefs: [{ name: 'edge' }], hostnames, rules: [{ backendRefs: [{ name: service, port: 80 }] }] }
  set({ apiVersion: gatewayVersion, kind: 'HTTPRoute', metadata: { name }, spec })
}

const deleteRoute = (name: string) => pipeline.delete({ kind: 'HTTPRoute', namespace: 'default', name })

function open(isTls: boolean): HttpConnection {
  const connection = new HttpConnection(isTls ? { port: tlsPort, serverName: host } : { port })
  opened.push(connection)
  return connection
}

async function ask(connection: HttpConnection): Promise<string> {
  const answer = await connection.get({ host }).catch((error: unknown) => String(error))
  return typeof answer === 'string' ? answer : (answer.headers.get('x-backend') ?? String(answer.status))
}

/** Asks on connections of their own until `outcome` comes ten times in a row. */
async function becomes(outcome: string, isTls: boolean): Promise<void> {
  let inRow = 0
  const look = async () => {
    const connection = open(isTls)
    const seen = await ask(connection)
    connection.close()
    inRow = seen === outcome ? inRow + 1 : 0
    return { seen, inRow }
  }
  await until(look, (state) => state.inRow >= 10, { what: outcome })
}

interface Case {
  readonly title: string
  readonly isTls?: boolean
  readonly before: () => void
  readonly after: () => void
}

const cases: readonly Case[] = [
  {
    title: 'a route for every host becomes one for this host',
    before: () => {
      setGateway(http())
      setRoute('r', [], 'old')
    },
    after: () => setRoute('r', [host], 'new'),
  },
  {
    title: 'over HTTPS, a route for every host becomes one for this host',
    isTls: true,
    before: () => {
      setGateway(https())
      setRoute('r', [], 'old')
    },
    after: () => setRoute('r', [host], 'new'),
  },
  {
    title: 'the only route, for every host, goes, and there is one for this host',
    before: () => {
      setGateway(http())
      setRoute('r', [], 'old')
    },
    after: () => {
      setRoute('s', [host], 'new')
      deleteRoute('r')
    },
  },
  {
    title: 'the only route, for every host, and the listener are narrowed to a wildcard and a host below it',
    before: () => {
      setGateway(http())
      setRoute('r', [], 'old')
    },
    after: () => {
      setGateway(http({ hostname: '*.a.test' }))
      setRoute('r', [host], 'new')
    },
  },
  {
    title: 'a host becomes a route for every host',
    before: () => {
      setGateway(http())
      setRoute('r', [host], 'old')
    },
    after: () => setRoute('r', [], 'new'),
  },
  {
    title: 'an HTTPS listener for a wildcard is renamed',
    isTls: true,
    before: () => {
      setGateway(https({ hostname: '*.a.test' }))
      setRoute('r', [host], 'old')
    },
    after: () => {
      setGateway(https({ hostname: '*.a.test', name: 'renamed' }))
      setRoute('r', [host], 'new')
    },
  },
  {
    title: 'an HTTPS listener for this host is renamed',
    isTls: true,
    before: () => {
      setGateway(https({ hostname: host }))
      setRoute('r', [host], 'old')
    },
    after: () => {
      setGateway(https({ hostname: host, name: 'renamed' }))
      setRoute('r', [host], 'new')
    },
  },
  {
    title: 'an HTTPS listener for this host becomes one for a wildcard',
    isTls: true,
    before: () => {
      setGateway(https({ hostname: host }))
      setRoute('r', [host], 'old')
    },
    after: () => {
      setGateway(https({ hostname: '*.a.test' }))
      setRoute('r', [host], 'new')
    },
  },
  {
    title: 'an HTTPS listener for every host becomes one for this host',
    isTls: true,
    before: () => {
      setGateway(https())
      setRoute('r', [host], 'old')
    },
    after: () => {
      setGateway(https({ hostname: host }))
      setRoute('r', [host], 'new')
    },
  },
  {
    title: 'beside an HTTPS listener for every host comes one for this host',
    isTls: true,
    before: () => {
      setGateway(https())
      setRoute('r', [host], 'old')
    },
    after: () => {
      setGateway(https(), https({ hostname: host, name: 'own' }))
      setRoute('r', [host], 'new')
    },
  },
  {
    title: 'of two HTTPS listeners the one for this host goes',
    isTls: true,
    before: () => {
      setGateway(https(), https({ hostname: host, name: 'own' }))
      setRoute('r', [host], 'old')
    },
    after: () => {
      setGateway(https())
      setRoute('r', [host], 'new')
    },
  },
]

describe('a connection that is older than a change', () => {
  test.each(cases)('loses no request when $title', async ({ isTls = false, before, after }) => {
    before()
    const { port: xdsPort } = await pipeline.listen(0)
    await pipeline.ready()
    envoy = await startEnvoy({ xdsPort, gateway: 'default/edge', concurrency: 2 })
    await becomes('old', isTls)
    const older = Array.from({ length: connections }, () => open(isTls))
    for (const connection of older) expect(await ask(connection)).toBe('old')
    after()
    await becomes('new', isTls)
    // All that was to be taken away is away.
    expect(await pipeline.deliverer.until(() => pipeline.deliverer.isDelivered(), 30_000)).toBe(true)
    const first = await Promise.all(older.map(ask))
    expect(first.filter((outcome) => outcome !== 'old' && outcome !== 'new')).toEqual([])
    // A connection of what was replaced ends with that answer.
    expect(await Promise.all(older.map(ask))).toEqual(older.map(() => 'new'))
  })
})
