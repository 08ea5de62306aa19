/** Requests to a Gateway, one by one and as a load. */
import { once } from 'node:events'
import { connect } from 'node:tls'
import { until } from '../../src/testing/envoy-rig.ts'
import { type HttpAnswer, type HttpAsk, HttpConnection } from '../../src/testing/http-connection.ts'
import { type LoadFailure, type LoadResult, startLoad } from '../../src/testing/load.ts'

/** What an application tells of the request that it answered. */
export interface Echo {
  readonly service: string
  readonly pod: string
  readonly path: string
  readonly headers: Readonly<Record<string, readonly string[]>>
}

/** What the application saw. Throws when no application answered. */
export function echoOf({ status, body }: HttpAnswer): Echo {
  if (status !== 200) throw new Error(`${status} is no answer of an application: ${body.slice(0, 200)}`)
  return JSON.parse(body) as Echo
}

/** The name of the application that answered, or else the status. */
export function outcomeOf(answer: HttpAnswer): string {
  return answer.status === 200 ? echoOf(answer).service : String(answer.status)
}

/** Where a Gateway listens. */
export interface Edge {
  readonly address: string
  /** Default: 80. */
  readonly port?: number | undefined
  /** Name to ask for in TLS. Absent: plain text. */
  readonly serverName?: string | undefined
}

/** One request on a connection of its own. */
export async function ask({ port = 80, ...edge }: Edge, request: HttpAsk): Promise<HttpAnswer> {
  const connection = new HttpConnection({ ...edge, port, timeoutMs: 5000 })
  try {
    return await connection.get(request)
  } finally {
    connection.close()
  }
}

/** What comes of one request; a connection that fails is an outcome too. */
export const outcomeAt = (edge: Edge, request: HttpAsk): Promise<string> =>
  ask(edge, request).then(outcomeOf, (error: unknown) => `error: ${String(error)}`)

/** Asks until the outcome is the expected one; ten times in a row, since a fleet has many proxies and workers. */
export async function reaches(edge: Edge, request: HttpAsk, expected: string, timeoutMs = 20_000): Promise<void> {
  let inRow = 0
  const look = async () => {
    const outcome = await outcomeAt(edge, request)
    inRow = outcome === expected ? inRow + 1 : 0
    return { outcome, inRow }
  }
  const what = `${expected} for ${request.host}${request.path ?? '/'}`
  await until(look, (seen) => seen.inRow >= 10, { timeoutMs, everyMs: 20, what })
}

/** A TLS connection for this name that stays open, and the fingerprint of the certificate that was shown. */
export async function handshake({ address, port = 443 }: Edge, servername: string) {
  const socket = connect({ host: address, port, servername, rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  return { socket, fingerprint: socket.getPeerCertificate().fingerprint256 }
}

/** How often which application answers, of so many requests on one connection. */
export async function shares(
  { port = 80, ...edge }: Edge,
  request: HttpAsk,
  requests: number,
): Promise<ReadonlyMap<string, number>> {
  const connection = new HttpConnection({ ...edge, port })
  const counts = new Map<string, number>()
  for (let index = 0; index < requests; index++) {
    const outcome = outcomeOf(await connection.get(request))
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
  }
  connection.close()
  return new Map([...counts].map(([name, count]) => [name, count / requests]))
}

/** How far a measured share may be from the true one: five standard deviations of the binomial distribution. */
export const tolerance = (share: number, requests: number): number => 5 * Math.sqrt((share * (1 - share)) / requests)

/** A load on connections that are kept and on new ones for each request, at the same time. */
export interface EdgeLoad {
  /** How many requests there were so far. */
  requests(): number
  /** From now on these outcomes are right too. */
  allow(...outcomes: readonly string[]): void
  /** From now on only these are right. */
  demand(...outcomes: readonly string[]): void
  /** Resolves when every kept and every new connection has seen the outcome. */
  everywhere(outcome: string): Promise<void>
  /** Ends it and tells every request whose outcome was not right. */
  stop(): Promise<{ readonly requests: number; readonly failures: readonly LoadFailure[] }>
}

const kept = 4
const fresh = 2

/** Begins to ask for one thing, at most 150 times in a second. */
export function startEdgeLoad(
  { port = 80, ...edge }: Edge,
  request: HttpAsk,
  ...outcomes: readonly string[]
): EdgeLoad {
  let allowed: ReadonlySet<string> = new Set(outcomes)
  const name = 'target'
  const common = { ...edge, port, outcomeOf }
  const target = { ...request, name, allowed: () => allowed }
  const closing = { ...target, headers: { ...request.headers, connection: 'close' } }
  const loads = [
    startLoad({ ...common, connections: kept, ratePerSecond: 100, targets: [target] }),
    startLoad({ ...common, connections: fresh, ratePerSecond: 50, targets: [closing] }),
  ]
  const total = (results: readonly LoadResult[]) => results.reduce((sum, result) => sum + result.requests, 0)
  return {
    requests: () => total(loads.map((load) => load.result())),
    allow: (...more) => {
      allowed = new Set([...allowed, ...more])
    },
    demand: (...only) => {
      allowed = new Set(only)
    },
    everywhere: async (outcome) => {
      await Promise.all(loads.map((load) => load.everywhere(name, outcome)))
    },
    stop: async () => {
      const results = await Promise.all(loads.map((load) => load.stop()))
      return { requests: total(results), failures: results.flatMap((result) => result.failures) }
    },
  }
}
