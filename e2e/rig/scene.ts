/** The stage of a test file: a namespace of its own, what is in it, and ways to wait for what comes of it. */
import { connect } from 'node:net'
import { until } from '../../src/testing/envoy-rig.ts'
import { Api, type Live, type Manifest, type Ref } from './api.ts'
import { conditionsOf, statusOf } from './conditions.ts'
import { gatewayApi, namespaceObject } from './objects.ts'

const everyMs = 100

/** One namespace, removed by `close`. */
export class Scene {
  readonly api: Api
  readonly namespace: string

  private constructor(api: Api, namespace: string) {
    this.api = api
    this.namespace = namespace
  }

  /** Makes the namespace; one that a run before is still ending is waited for. */
  static async open(namespace: string, labels: Readonly<Record<string, string>> = {}): Promise<Scene> {
    const api = await Api.connect()
    const ref = namespaceObject(namespace)
    const isEnding = (object: Live | undefined) => object?.metadata.deletionTimestamp !== undefined
    const what = `the end of the old namespace ${namespace}`
    await until(
      () => api.read(ref),
      (object) => !isEnding(object),
      { timeoutMs: 90_000, everyMs: 500, what },
    )
    await api.apply([namespaceObject(namespace, labels)])
    return new Scene(api, namespace)
  }

  async close(): Promise<void> {
    await this.api.delete(namespaceObject(this.namespace))
    await this.api.close()
  }

  /** A reference to an object of this namespace. */
  ref(kind: string, name: string, apiVersion: string = gatewayApi): Ref {
    return { apiVersion, kind, metadata: { name, namespace: this.namespace } }
  }

  /** Waits until the conditions of an object, as `True Accepted` by type, contain these. */
  async conditions(ref: Ref, expected: Readonly<Record<string, string>>, timeoutMs = 30_000): Promise<Live> {
    const isSo = (object: Live | undefined) => {
      const actual = conditionsOf(object)
      return Object.entries(expected).every(([type, line]) => actual[type] === line)
    }
    const what = `${ref.kind} ${ref.metadata.name} with ${JSON.stringify(expected)}`
    const read = await until(
      async () => summaryOf(await this.api.read(ref)),
      ({ object }) => isSo(object),
      {
        timeoutMs,
        everyMs,
        what,
      },
    )
    return present(read.object, what)
  }

  /** Waits until every replica of a Deployment runs as its newest template says and no other pod is left to serve. */
  async rolledOut(ref: Ref, timeoutMs = 60_000): Promise<void> {
    const what = `the roll-out of ${ref.metadata.name}`
    await until(
      async () => rolloutOf(await this.api.read(ref)),
      ({ isDone }) => isDone,
      { timeoutMs, everyMs, what },
    )
  }

  /** Applies applications and waits until they serve. */
  async run(objects: readonly Manifest[]): Promise<void> {
    await this.api.apply(objects)
    for (const object of objects) if (object.kind === 'Deployment') await this.rolledOut(object)
  }

  /** Waits until a Gateway is programmed and its address answers, and returns the address. */
  async address(gateway: string, port = 80): Promise<string> {
    const object = await this.conditions(this.ref('Gateway', gateway), { Programmed: 'True Programmed' }, 60_000)
    const address = present(statusOf(object).addresses?.[0]?.value, `an address of Gateway ${gateway}`)
    // kube-proxy answers for an address some time after a Service was given it.
    const what = `an answer of ${address}:${port}`
    await until(
      () => isReached(address, port),
      (isThere) => isThere,
      { timeoutMs: 30_000, everyMs, what },
    )
    return address
  }
}

/** What is told of an object when it does not become what it should. */
function summaryOf(object: Live | undefined): { readonly conditions: unknown; readonly object: Live | undefined } {
  return { conditions: conditionsOf(object), object }
}

interface DeploymentParts {
  readonly spec: { readonly replicas?: number }
  readonly status?: {
    readonly observedGeneration?: number
    readonly replicas?: number
    readonly updatedReplicas?: number
    readonly availableReplicas?: number
  }
}

function rolloutOf(object: Live | undefined) {
  const { spec, status = {} } = (object ?? { spec: {} }) as unknown as DeploymentParts
  const wanted = spec.replicas ?? 1
  const { observedGeneration = 0, replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status
  const isDone =
    observedGeneration >= (object?.metadata.generation ?? Number.POSITIVE_INFINITY) &&
    [replicas, updatedReplicas, availableReplicas].every((count) => count === wanted)
  return { isDone, wanted, ...status }
}

function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`there is no ${what}`)
  return value
}

/** Below those that the system chooses from. */
const firstLocalPort = 20_000
const localPorts = 10_000
let attempts = 0

/**
 * True when somebody accepts a connection. From ports that nobody else uses: what was sent before kube-proxy had its
 * rules keeps its way for two minutes, and a later connection from the same port would take that to nowhere.
 */
async function isReached(address: string, port: number): Promise<boolean> {
  const localPort = firstLocalPort + ((process.pid * 7 + attempts++) % localPorts)
  const socket = connect({ host: address, port, localPort, timeout: 500 })
  const reached = await new Promise<boolean>((resolve) => {
    socket.on('connect', () => resolve(true))
    socket.on('error', () => resolve(false)).on('timeout', () => resolve(false))
  })
  socket.destroy()
  return reached
}
