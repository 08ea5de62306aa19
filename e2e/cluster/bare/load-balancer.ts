/**
 * Gives every Service of type LoadBalancer an address, as a cloud would. Started on the first node:
 *
 *   node load-balancer.ts KUBECONFIG
 */
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { parse } from 'yaml'

/** What is read of a Service. */
export interface LoadBalancedService {
  readonly metadata: { readonly namespace: string; readonly name: string }
  readonly spec: { readonly type?: string; readonly loadBalancerIP?: string }
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string }[] } }
}

const prefix = '10.89.1.'
const lowest = 10
const highest = 199

/** Which Service has which address. An address is free again when its Service is gone or of another type. */
export class AddressPool {
  readonly #addresses = new Map<string, string>()

  /** The address to write into the status of the Service; undefined when it needs none or can have none. */
  grant(service: LoadBalancedService): string | undefined {
    const key = keyOf(service)
    const given = service.status?.loadBalancer?.ingress?.[0]?.ip
    if (service.spec.type !== 'LoadBalancer') {
      this.#addresses.delete(key)
      return undefined
    }
    if (given !== undefined) {
      this.#addresses.set(key, given)
      return undefined
    }
    const address = this.#addresses.get(key) ?? this.#choose(service.spec.loadBalancerIP)
    if (address !== undefined) this.#addresses.set(key, address)
    return address
  }

  /** Forgets a Service that is gone. */
  release(service: LoadBalancedService): void {
    this.#addresses.delete(keyOf(service))
  }

  /** A wish is granted when it is of the network and nobody has it; without a wish, the lowest free one. */
  #choose(wish: string | undefined): string | undefined {
    const taken = new Set(this.#addresses.values())
    if (wish) return wish.startsWith(prefix) && !taken.has(wish) ? wish : undefined
    const numbers = Array.from({ length: highest - lowest + 1 }, (_, index) => lowest + index)
    return numbers.map((number) => `${prefix}${number}`).find((address) => !taken.has(address))
  }
}

const keyOf = ({ metadata }: LoadBalancedService) => `${metadata.namespace}/${metadata.name}`

interface ServiceList {
  readonly metadata: { readonly resourceVersion: string }
  readonly items: readonly LoadBalancedService[]
}

interface ServiceEvent {
  readonly type: string
  readonly object: LoadBalancedService
}

interface Kubeconfig {
  readonly clusters: readonly [
    { readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string } },
  ]
  readonly users: readonly [
    { readonly user: { readonly 'client-certificate-data': string; readonly 'client-key-data': string } },
  ]
}

/** A client of the API server that the kubeconfig, one of ours, names. */
class ServiceApi {
  readonly #server: string
  readonly #agent: Agent

  constructor(kubeconfig: Kubeconfig) {
    const decode = (text: string) => Buffer.from(text, 'base64')
    const [{ cluster }] = kubeconfig.clusters
    const [{ user }] = kubeconfig.users
    this.#server = cluster.server
    this.#agent = new Agent({
      keepAlive: true,
      ca: decode(cluster['certificate-authority-data']),
      cert: decode(user['client-certificate-data']),
      key: decode(user['client-key-data']),
    })
  }

  async list(): Promise<ServiceList> {
    return JSON.parse(await text(await this.#ask('GET', '/api/v1/services'))) as ServiceList
  }

  /** Ends after five minutes, when the version is too old, or when the connection breaks. */
  async *watch(resourceVersion: string): AsyncGenerator<ServiceEvent> {
    const path = `/api/v1/services?watch=1&timeoutSeconds=300&resourceVersion=${resourceVersion}`
    for await (const line of createInterface({ input: await this.#ask('GET', path) })) {
      const event = JSON.parse(line) as ServiceEvent
      if (event.type === 'ERROR') return
      yield event
    }
  }

  /** `ipMode: VIP` makes kube-proxy answer for the address itself. */
  async setAddress({ metadata }: LoadBalancedService, ip: string): Promise<void> {
    const path = `/api/v1/namespaces/${metadata.namespace}/services/${metadata.name}/status`
    await text(await this.#ask('PATCH', path, { status: { loadBalancer: { ingress: [{ ip, ipMode: 'VIP' }] } } }))
  }

  #ask(method: string, path: string, body?: unknown): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/merge-patch+json' }
      const asked = request(`${this.#server}${path}`, { method, agent: this.#agent, headers }, (answer) => {
        if (answer.statusCode === 200 || answer.statusCode === 404) resolve(answer)
        else text(answer).then((reason) => reject(new Error(`${method} ${path}: ${reason}`)), reject)
      })
      asked.on('error', reject)
      asked.end(body === undefined ? undefined : JSON.stringify(body))
    })
  }
}

async function text(answer: IncomingMessage): Promise<string> {
  let all = ''
  for await (const part of answer.setEncoding('utf8')) all += String(part)
  return all
}

async function serveOnce(api: ServiceApi): Promise<void> {
  const pool = new AddressPool()
  const { metadata, items } = await api.list()
  const grant = async (service: LoadBalancedService) => {
    const address = pool.grant(service)
    if (address === undefined) return
    await api.setAddress(service, address)
    console.log(`${new Date().toISOString()} ${keyOf(service)} ${address}`)
  }
  // Those that have an address first, so that none is given twice.
  const withAddress = items.filter(({ status }) => status?.loadBalancer?.ingress?.[0] !== undefined)
  for (const service of [...withAddress, ...items]) await grant(service)
  for await (const { type, object } of api.watch(metadata.resourceVersion)) {
    if (type === 'DELETED') pool.release(object)
    else await grant(object)
  }
}

if (import.meta.main) {
  const api = new ServiceApi(parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Kubeconfig)
  for (;;) {
    try {
      await serveOnce(api)
    } catch (error) {
      console.log(String(error))
      await sleep(300)
    }
  }
}
