/** What a real API server says to an object that it is asked to create, without creating it. */
import { Agent, type Dispatcher } from 'undici'
import type { ApiServer } from './api-server.ts'

/** The answer to one object. */
export type ApiVerdict = { readonly kind: 'taken'; readonly object: Readonly<Record<string, unknown>> } | RefusedVerdict

/** A refusal. */
export interface RefusedVerdict {
  readonly kind: 'refused'
  readonly status: number
  /** The fields that it is about, each once or more often. */
  readonly fields: readonly string[]
  readonly message: string
  /** True when all that is wrong is listed: it stops early at what cannot be decoded or at what rules would not bear. */
  readonly isComplete: boolean
}

/** Where objects of a kind are created. */
export interface ApiPath {
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly namespaced: boolean
}

/** Asks one server many times. */
export class VerdictClient {
  readonly #server: ApiServer
  readonly #agent: Dispatcher

  constructor(server: ApiServer, connections: number) {
    this.#server = server
    this.#agent = new Agent({
      connections,
      connect: { ca: server.ca, servername: 'localhost', checkServerIdentity: () => undefined },
    })
  }

  /** Creates it with `dryRun=All` and strict field validation in the namespace `default`. */
  async ask({ group, version, plural, namespaced }: ApiPath, object: unknown): Promise<ApiVerdict> {
    const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
    const path = `${root}${namespaced ? '/namespaces/default' : ''}/${plural}?dryRun=All&fieldValidation=Strict`
    const answer = await this.#agent.request({
      origin: this.#server.url,
      path,
      method: 'POST',
      headers: { authorization: `Bearer ${this.#server.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(object),
    })
    return verdictOf(answer.statusCode, await answer.body.json())
  }

  /** Ends the connections. */
  close(): Promise<void> {
    return this.#agent.destroy()
  }
}

interface Status {
  readonly message?: string
  readonly details?: { readonly causes?: readonly { readonly field?: string; readonly message?: string }[] }
}

function verdictOf(status: number, body: unknown): ApiVerdict {
  if (status === 201) return { kind: 'taken', object: body as Readonly<Record<string, unknown>> }
  const { message = '', details } = body as Status
  // Strict decoding names fields in its message alone; `<nil>` stands for the object as a whole.
  const unknown = Array.from(message.matchAll(/unknown field ("(?:[^"\\]|\\.)+")/g), ([, field]) =>
    unquoted(field ?? ''),
  )
  const causes = (details?.causes ?? []).flatMap(({ field }) =>
    field === undefined || field === '<nil>' ? [] : [field],
  )
  const fields = [...causes, ...unknown]
  const isComplete = status === 422 && details?.causes?.some(({ field }) => field === '<nil>') !== true
  return { kind: 'refused', status, fields, message, isComplete }
}

function unquoted(text: string): string {
  try {
    return String(JSON.parse(text))
  } catch {
    return text.slice(1, -1)
  }
}
