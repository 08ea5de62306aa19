/** An xDS server, Envoys and a backend for one test; everything it starts is stopped by `dispose`. */
import { createServer } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { Feedback } from '../xds/feedback.ts'
import { XdsServer, type XdsServerOptions } from '../xds/server.ts'
import { type EnvoyOptions, get, type RunningEnvoy, startEnvoy, until } from './envoy-rig.ts'
import type { TestStore } from './xds-resources.ts'

export interface ServedStore {
  readonly server: XdsServer
  readonly feedback: Feedback
  readonly port: number
}

export class XdsRig {
  readonly #steps: (() => Promise<unknown> | unknown)[] = []

  /** Serves a store on a free port, or on `port`. */
  async serve(stock: TestStore, options: Partial<XdsServerOptions> = {}, port = 0): Promise<ServedStore> {
    const feedback = new Feedback()
    const server = new XdsServer({ store: stock.store, feedback, ...options })
    const listening = await server.listen(`127.0.0.1:${port}`)
    this.#steps.push(() => server.close())
    return { server, feedback, port: listening.port }
  }

  async envoy(options: EnvoyOptions): Promise<RunningEnvoy> {
    const envoy = await startEnvoy(options)
    this.#steps.push(() => envoy.stop())
    return envoy
  }

  /** A backend that answers `body` to everything. Returns its port. */
  async backend(body = 'backend'): Promise<number> {
    const server = createServer((_request, response) => response.end(body)).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    this.#steps.push(() => {
      server.closeAllConnections()
      server.close()
    })
    const address = server.address()
    if (typeof address !== 'object' || address === null) throw new Error('the backend has no port')
    return address.port
  }

  /** Asks for a host again and again, until `stop`, and counts the answers by status; the rate is bounded. */
  poll(port: number, hostOf: () => string, everyMs: number): Poll {
    const seen = new Map<string, number>()
    let isStopped = false
    const asking = (async () => {
      while (!isStopped) {
        const { status, body } = await get(port, hostOf())
        const outcome = status === 0 ? body : String(status)
        seen.set(outcome, (seen.get(outcome) ?? 0) + 1)
        await delay(everyMs)
      }
    })()
    const stop = async () => {
      isStopped = true
      await asking
      return Object.fromEntries(seen)
    }
    this.#steps.push(stop)
    return { stop, seen }
  }

  /** Adds a step to what is done at the end, before what was added earlier. */
  onDispose(step: () => Promise<unknown> | unknown): void {
    this.#steps.push(step)
  }

  async dispose(): Promise<void> {
    for (const step of this.#steps.splice(0).reverse()) await step()
  }
}

/** Requests under way. */
export interface Poll {
  /** How often each outcome was seen: a status, or the error of a connection that was not made. */
  readonly seen: ReadonlyMap<string, number>
  /** Ends it and returns the counts. */
  stop(): Promise<Readonly<Record<string, number>>>
}

/** Waits until a host answers with that status, and returns the body. */
export async function untilStatus(port: number, host: string, status: number, timeoutMs = 20_000): Promise<string> {
  const answer = await until(
    () => get(port, host),
    (seen) => seen.status === status,
    { timeoutMs, what: `${status} for ${host}` },
  )
  return answer.body
}

/** Waits until a host answers with that body. */
export async function untilBody(port: number, host: string, body: string, timeoutMs = 20_000): Promise<void> {
  await until(
    () => get(port, host),
    (seen) => seen.body === body,
    { timeoutMs, what: `"${body}" for ${host}` },
  )
}
