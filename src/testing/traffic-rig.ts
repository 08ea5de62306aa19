/** HTTPRoutes, translated and served by a real Envoy to backends that a test scripts: what a feature does to requests. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseAllDocuments } from 'yaml'
import type { NamedResource } from '../envoy/resource.ts'
import { type Asked, type Answered, ask, type Echo, EnvoyUnderTest, freePorts } from './emit-rig.ts'
import { mustParse, pipelineRig } from './pipeline-rig.ts'

/** What one backend saw: path with query, and headers in lower case, repeated ones apart. */
export interface Seen extends Echo {
  readonly method: string
}

/** Answers a request, or returns false to have it echoed once it is there as a whole. */
export type Script = (seen: Seen, response: ServerResponse, incoming: IncomingMessage) => boolean | undefined

/** A backend on 127.0.0.1 that remembers what it was asked. */
export class ScriptedBackend {
  readonly name: string
  readonly seen: Seen[] = []
  readonly #server: Server
  readonly #wakes = new Set<() => void>()

  private constructor(name: string, script: Script) {
    this.name = name
    this.#server = createServer((incoming, response) => {
      const seen = seenBy(name, incoming)
      this.seen.push(seen)
      for (const wake of this.#wakes) wake()
      incoming.resume()
      if (script(seen, response, incoming) === true) return
      response.setHeader('content-type', 'application/json')
      incoming.on('end', () => response.end(JSON.stringify(seen)))
    })
  }

  static async start(name: string, script: Script = () => false): Promise<ScriptedBackend> {
    const backend = new ScriptedBackend(name, script)
    await new Promise<void>((resolve) => backend.#server.listen(0, '127.0.0.1', resolve))
    return backend
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** The first request that `isWanted`, now or later. */
  async saw(isWanted: (seen: Seen) => boolean): Promise<Seen> {
    for (;;) {
      const found = this.seen.find(isWanted)
      if (found !== undefined) return found
      await new Promise<void>((resolve) => this.#wakes.add(resolve))
    }
  }

  stop(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}

function seenBy(backend: string, { url = '', method = '', rawHeaders }: IncomingMessage): Seen {
  const headers: (readonly [string, string])[] = []
  for (let at = 0; at < rawHeaders.length; at += 2) {
    headers.push([(rawHeaders[at] ?? '').toLowerCase(), rawHeaders[at + 1] ?? ''])
  }
  return { backend, url, method, headers }
}

/** An endpoint of the Service of that name. */
export interface RigEndpoint {
  readonly name: string
  readonly port: number
  /** Of the port of the Service. */
  readonly appProtocol?: string | undefined
}

/** Keys of the ConfigMap that the Gateway names as its parameters. */
export type RigParameters = Readonly<Record<string, string>>

/** A Gateway whose listener `http` is bound to `port`, and one HTTPRoute `default/r` for `a.com` with the given rules. */
export class TrafficRig {
  readonly port: number
  readonly #envoy: EnvoyUnderTest

  private constructor(port: number, envoy: EnvoyUnderTest) {
    this.port = port
    this.#envoy = envoy
  }

  /**
   * `rules` is YAML. Every backend is a Service of its name on port 80; several of one name are its endpoints. A route
   * with a problem fails the test.
   */
  static async start(
    rules: string,
    backends: readonly RigEndpoint[],
    parameters: RigParameters = {},
  ): Promise<TrafficRig> {
    const [port = 0] = await freePorts(1)
    const objects = [gatewayYaml(port, parameters), routeYaml(rules), ...serviceYamls(backends)]
    const envoy = await EnvoyUnderTest.serve(resourcesOf(objects), [port])
    return new TrafficRig(port, envoy)
  }

  ask(path: string, asked: Asked = {}): Promise<Answered> {
    return ask(this.port, { host: 'a.com', path, ...asked })
  }

  /** What the backend that answered was asked. */
  async seen(path: string, asked: Asked = {}): Promise<Seen> {
    const answer = await this.ask(path, asked)
    if (answer.status !== 200) throw new Error(`expected a backend, got ${answer.status} ${answer.body}`)
    return JSON.parse(answer.body) as Seen // The backend is ours and wrote it.
  }

  /** How often each backend, or status, answered `count` requests. */
  async shares(path: string, count: number): Promise<ReadonlyMap<string, number>> {
    const shares = new Map<string, number>()
    for (let sent = 0; sent < count; sent++) {
      const { status, body } = await this.ask(path)
      const by = status === 200 ? (JSON.parse(body) as Seen).backend : String(status)
      shares.set(by, (shares.get(by) ?? 0) + 1)
    }
    return shares
  }

  stop(): Promise<void> {
    return this.#envoy.stop()
  }
}

function resourcesOf(objects: readonly string[]): readonly NamedResource[] {
  const rig = pipelineRig({
    checkPurity: false,
    settings: { platform: { kind: 'standalone', bindAddresses: ['127.0.0.1'], ipv6: false } },
  })
  for (const document of parseAllDocuments(objects.join('---\n'))) {
    rig.set(mustParse(document.toJS()))
  }
  rig.graph.flush()
  const { resources, endpoints } = rig.outputs
  return [
    ...[...resources.entries()].map(([, { resource }]) => resource),
    ...[...endpoints.entries()].map(([, one]) => one),
  ]
}

function gatewayYaml(port: number, parameters: RigParameters): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: fairlead }
spec: { controllerName: fairlead.dev/gateway-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: gw, namespace: default }
spec:
  gatewayClassName: fairlead
  infrastructure: { parametersRef: { group: "", kind: ConfigMap, name: parameters } }
  listeners: [{ name: http, port: ${port}, protocol: HTTP }]
---
apiVersion: v1
kind: ConfigMap
metadata: { name: parameters, namespace: default }
data: ${JSON.stringify(parameters)}
`
}

function routeYaml(rules: string): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: r, namespace: default }
spec:
  parentRefs: [{ name: gw }]
  hostnames: ["a.com", "*.a.com"]
  rules:
${rules.replace(/^/gm, '    ')}
`
}

/** Backends of one name are the endpoints of one Service. */
function serviceYamls(backends: readonly RigEndpoint[]): readonly string[] {
  const services = new Map(backends.map(({ name, appProtocol }) => [name, appProtocol]))
  return [
    ...[...services].map(
      ([name, appProtocol]) => `apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: default }
spec: { ports: [${JSON.stringify({ name: 'http', port: 80, appProtocol })}] }
`,
    ),
    ...backends.map(
      ({ name, port }, index) => `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${name}-${index}, namespace: default, labels: { kubernetes.io/service-name: ${name} } }
addressType: IPv4
ports: [{ name: http, port: ${port} }]
endpoints: [{ addresses: [127.0.0.1] }]
`,
    ),
  ]
}
