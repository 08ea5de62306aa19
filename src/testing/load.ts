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
  /** Lets every connection finish its request, closes them, and gives the counts. */
  stop(): Promise<LoadResult>
}

/** Begins to send. Each connection has at most one request under way. */
export function startLoad(options: LoadOptions): Load {
  const tally = new Tally()
  const pace = makePace(options)
  let turn = 0
  let isStopping = false
  const next = () => options.targets[turn++ % options.targets.length]
  const work = async (): Promise<void> => {
    const connection = new HttpConnection(options)
    for (let target = next(); !isStopping && target !== undefined; target = next()) {
      await ask(connection, target, options, tally)
      await pace()
    }
    connection.close()
  }
  const workers = Array.from({ length: options.connections }, work)
  return {
    result: () => tally.result(),
    stop: async () => {
      isStopping = true
      await Promise.all(workers)
      return tally.result()
    },
  }
}

async function ask(
  connection: HttpConnection,
  target: LoadTarget,
  { outcomeOf = ({ status }) => String(status) }: LoadOptions,
  tally: Tally,
): Promise<void> {
  const before = target.allowed()
  const atMs = tally.elapsedMs()
  const outcome = await connection.get(target).then(outcomeOf, (error: unknown) => `error: ${messageOf(error)}`)
  const after = target.allowed()
  tally.count(target.name, outcome)
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

class Tally {
  readonly #begunMs = performance.now()
  readonly #outcomes = new Map<string, Map<string, number>>()
  readonly #failures: LoadFailure[] = []
  #requests = 0
  #failureCount = 0

  elapsedMs(): number {
    return performance.now() - this.#begunMs
  }

  count(target: string, outcome: string): void {
    this.#requests++
    const counts = this.#outcomes.get(target) ?? new Map<string, number>()
    this.#outcomes.set(target, counts)
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
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
