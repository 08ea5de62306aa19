/** A reflector of HTTPRoutes on a FakeApi, under a clock that the test moves. */
import { afterEach, beforeEach, vi } from 'vitest'
import { silentLogger } from '../lib/logger.ts'
import { FakeApi } from '../watch/fake-api.ts'
import { Reflector, type ReflectorOptions, type ReflectorState } from '../watch/reflector.ts'

const path = '/apis/gateway.networking.k8s.io/v1/httproutes'

/** A route of the namespace `shop`. */
export function route(name: string, hostname = 'a.com') {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name, namespace: 'shop' },
    spec: { hostnames: [hostname] },
  }
}

/** A reflector of HTTPRoutes and everything that it told. */
export class ReflectorRig {
  readonly api = new FakeApi()
  readonly states: ReflectorState[] = []
  readonly told: string[] = []
  readonly lists: string[] = []
  readonly copy = new Map<string, unknown>()
  readonly reflector: Reflector

  constructor(options: Partial<ReflectorOptions> = {}) {
    this.reflector = new Reflector({
      client: this.api,
      path,
      logger: silentLogger(),
      random: () => 1,
      sink: {
        upsert: (object) => {
          const key = `${object.metadata.namespace}/${object.metadata.name}`
          this.told.push(`set ${key}`)
          this.copy.set(key, object.spec)
        },
        remove: (key) => {
          this.told.push(`remove ${key}`)
          this.copy.delete(key)
        },
        state: (state) => this.states.push(state),
        listing: (reason) => this.lists.push(reason),
      },
      ...options,
    })
  }

  get state(): string | undefined {
    return this.states.at(-1)?.kind
  }

  get requests(): readonly string[] {
    return this.api.requests.map(({ query }) => (query?.watch === undefined ? 'list' : 'watch'))
  }

  async start(): Promise<this> {
    this.reflector.start()
    await settle()
    return this
  }
}

/** Lets everything happen that needs no time. */
export async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0)
  for (let i = 0; i < 50; i++) await Promise.resolve()
}

/** Moves the clock. */
export async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms)
  await settle()
}

let rigs: ReflectorRig[] = []
/** A rig that ends with its test. */
export function openRig(options?: Partial<ReflectorOptions>): ReflectorRig {
  const rig = new ReflectorRig(options)
  rigs.push(rig)
  return rig
}

/** Gives each test of a file a clock of its own and closes its rigs. */
export function useReflectorRigs(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
  })
  afterEach(async () => {
    await Promise.all(rigs.map(({ reflector }) => reflector.close()))
    rigs = []
    vi.useRealTimers()
  })
}
