/** A small bounded load: keep-alive connections that ask in turn for a list of targets and judge every answer. */
import { setTimeout as delay } from 'node:timers/promises'
import { type HttpAnswer, type HttpAsk, HttpConnection } from './http-connection.ts'

/** What is asked for, and what may be answered. */
export interface LoadTarget extends HttpAsk {
  readonly name: string
  /**
   * The outcomes that are right now; asked when a request begins and again when it ends, and either verdict will do. So
   * a change is announced by allowing old and new before it is made, and new alone once it was seen.
   */
  readonly allowed: () => ReadonlySet<string>
}

export interface LoadOptions {
  readonly port: number
  readonly address?: string | undefined
  /** Name to ask for in TLS. Absent: plain text. */
  readonly serverName?: string | undefined
  readonly connections: number
  readonly targets: readonly LoadTarget[]
  /** At most so many requests per second over all connections. Default: back to back. */
  readonly ratePerSecond?: number | undefined
  /** What an answer counts as. Default: its status. */
  readonly outcomeOf?: ((answer: HttpAnswer) => string) | undefined
}

/** A request whose outcome nobody allowed. */
export interface LoadFailure {
  readonly target: string
  readonly outcome: string
  readonly allowed: readonly string[]
  /** Milliseconds since the load began. */
  readonly atMs: number
}

export interface LoadResult {
  readonly requests: number
  readonly durationMs: number
  /** How often each outcome was seen, by the target's name. A broken connection counts as `error: <message>`. */
  readonly outcomes: ReadonlyMap<string, ReadonlyMap<string, number>>
  readonly failureCount: number
  /** The first failures, at most 50. */
  readonly failures: readonly LoadFailure[]
}

const KEPT_FAILURES = 50

/** Load under way. */
export interface Load {
  /** What was counted so far. */
  result(): LoadResult
  /**
   * Resolves when every connection has got this outcome from a request begun after this call: since a connection stays
   * with its worker, every worker that is asked has the change then. Rejects when the load stops first.
   */
  everywhere(target: string, outcome: string): Promise<void>
  /** From now on every second request of each connection is for one of these, by name. */
  focus(targets: readonly string[]): void
  /** Lets every connection finish its request, closes them, and gives the counts. */
  stop(): Promise<LoadResult>
}

/** Begins to send. Each connection has at most one request under way. */
export function startLoad(options: LoadOptions): Load {
  const { targets, connections } = options
  const tally = new Tally(connections)
  const pace = makePace(options)
  let isStopping = false
  let focused: readonly LoadTarget[] = []
  const pick = (turn: number) =>
    focused.length > 0 && turn % 2 === 0
      ? focused[(turn / 2) % focused.length]
      : targets[Math.floor(turn / (focused.length > 0 ? 2 : 1)) % targets.length]
  const work = async (_: unknown, worker: number): Promise<void> => {
    const connection = new HttpConnection(options)
    for (let turn = worker; !isStopping; turn++) {
      const target = pick(turn)
      if (target !== undefined) await ask(connection, { target, worker }, options, tally)
      await pace()
    }
    connection.close()
  }
  const workers = Array.from({ length: connections }, work)
  return {
    result: () => tally.result(),
    everywhere: (target, outcome) => tally.everywhere(target, outcome),
    focus: (names) => {
      focused = targets.filter(({ name }) => names.includes(name))
    },
    stop: async () => {
      isStopping = true
      await Promise.all(workers)
      tally.giveUp()
      return tally.result()
    },
  }
}

async function ask(
  connection: HttpConnection,
  { target, worker }: { readonly target: LoadTarget; readonly worker: number },
  { outcomeOf = ({ status }) => String(status) }: LoadOptions,
  tally: Tally,
): Promise<void> {
  const before = target.allowed()
  const atMs = tally.elapsedMs()
  const outcome = await connection.get(target).then(outcomeOf, (error: unknown) => `error: ${messageOf(error)}`)
  const after = target.allowed()
  tally.count(target.name, outcome)
  tally.sight({ target: target.name, outcome, worker, atMs })
  if (!before.has(outcome) && !after.has(outcome)) {
    tally.fail({ target: target.name, outcome, allowed: [...new Set([...before, ...after])], atMs })
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Pauses between two requests of a connection so that the rate is not exceeded. Without a rate: not at all. */
function makePace({ ratePerSecond, connections }: LoadOptions): () => Promise<void> {
  if (ratePerSecond === undefined) return () => Promise.resolve()
  const intervalMs = (1000 * connections) / ratePerSecond
  return () => delay(intervalMs)
}

/** Somebody who waits until all connections have got an outcome. */
interface Watcher {
  readonly target: string
  readonly outcome: string
  readonly sinceMs: number
  readonly missing: Set<number>
  readonly seen: PromiseWithResolvers<void>
}

class Tally {
  readonly #connections: number
  readonly #watchers = new Set<Watcher>()
  readonly #begunMs = performance.now()
  readonly #outcomes = new Map<string, Map<string, number>>()
  readonly #failures: LoadFailure[] = []
  #requests = 0
  #failureCount = 0

  constructor(connections: number) {
    this.#connections = connections
  }

  elapsedMs(): number {
    return performance.now() - this.#begunMs
  }

  count(target: string, outcome: string): void {
    this.#requests++
    const counts = this.#outcomes.get(target) ?? new Map<string, number>()
    this.#outcomes.set(target, counts)
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
  }

  everywhere(target: string, outcome: string): Promise<void> {
    const missing = new Set(Array.from({ length: this.#connections }, (_, worker) => worker))
    const seen = Promise.withResolvers<void>()
    this.#watchers.add({ target, outcome, missing, seen, sinceMs: this.elapsedMs() })
    return seen.promise
  }

  /** Notes what a request of a connection, begun at `atMs`, came to. */
  sight(sighting: {
    readonly target: string
    readonly outcome: string
    readonly worker: number
    readonly atMs: number
  }): void {
    for (const watcher of this.#watchers) {
      const { target, outcome, sinceMs, missing, seen } = watcher
      if (sighting.target !== target || sighting.outcome !== outcome || sighting.atMs < sinceMs) continue
      missing.delete(sighting.worker)
      if (missing.size > 0) continue
      this.#watchers.delete(watcher)
      seen.resolve()
    }
  }

  giveUp(): void {
    for (const { target, outcome, seen } of this.#watchers) {
      seen.reject(new Error(`not every connection has got "${outcome}" from ${target}`))
    }
  }

  fail(failure: LoadFailure): void {
    this.#failureCount++
    if (this.#failures.length < KEPT_FAILURES) this.#failures.push(failure)
  }

  result(): LoadResult {
    return {
      requests: this.#requests,
      durationMs: this.elapsedMs(),
      outcomes: new Map([...this.#outcomes].map(([target, counts]) => [target, new Map(counts)])),
      failureCount: this.#failureCount,
      failures: [...this.#failures],
    }
  }
}
