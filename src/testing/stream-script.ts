/** Drives one DeltaStream without gRPC or time, and writes down what it sends as short lines. */
import type { NamedResource } from '../envoy/resource.ts'
import type { XdsType } from '../envoy/types.ts'
import { DeltaStream, type StreamEvent } from '../xds/delta-stream.ts'
import type { Sent } from '../xds/lane.ts'
import { defaultLimits, type StreamLimits } from '../xds/limits.ts'
import type { StoreListener } from '../xds/store.ts'
import type { Effect } from '../xds/stream-state.ts'
import type { TestStore } from './xds-resources.ts'

/** A response that the script has not answered. */
export interface ScriptResponse {
  readonly type: XdsType
  readonly nonce: string
  readonly sent: readonly Sent[]
  readonly removed: readonly string[]
}

export class StreamScript {
  readonly stream: DeltaStream
  /** Responses to answer, oldest first. */
  readonly unanswered: ScriptResponse[] = []
  /** Every effect other than a send. */
  readonly notes: Effect[] = []
  /** Told of every response as it is sent. */
  onSend: ((response: ScriptResponse) => void) | undefined
  nowMs = 1_000
  readonly #lines: string[] = []
  readonly #leave: () => void

  constructor(
    stock: TestStore,
    {
      limits = {} as Partial<StreamLimits>,
      envoyVersion = 'envoy 1.40.0',
      run = 's',
      node = undefined as string | undefined,
    } = {},
  ) {
    let salts = 0
    const changed: StoreListener['changed'] = (dirty, revision) => this.event({ kind: 'changed', dirty, revision })
    const membership = stock.store.join(stock.gateway, { changed }, node)
    this.#leave = membership.leave
    this.stream = new DeltaStream({
      membership,
      quarantine: membership.quarantine,
      envoyVersion,
      limits: { ...defaultLimits, ...limits },
      nextSalt: () => `${run}${++salts}`,
    })
  }

  /** The lines since the last call: `cluster +a +b`, `scoped-route -c`, `listener` for an empty response. */
  get lines(): readonly string[] {
    return this.#lines.splice(0)
  }

  /** Ends the stream. */
  leave(): void {
    this.#leave()
    this.unanswered.length = 0
  }

  /** Forgets the lines so far. */
  clear(): void {
    this.#lines.length = 0
  }

  event(event: StreamEvent): void {
    for (const effect of this.stream.handle(event, this.nowMs)) {
      if (effect.kind !== 'send') {
        this.notes.push(effect)
        continue
      }
      this.onSend?.(effect)
      this.unanswered.push(effect)
      const added = effect.sent.map(({ resource, salt }) => `+${resource.name}${salt === undefined ? '' : `~${salt}`}`)
      this.#lines.push([effect.type, ...added, ...effect.removed.map((name) => `-${name}`)].join(' '))
    }
  }

  /** A request that answers nothing. */
  request(
    type: XdsType,
    names: { subscribe?: readonly string[]; unsubscribe?: readonly string[]; has?: readonly NamedResource[] } = {},
  ): void {
    const { subscribe = [], unsubscribe = [], has = [] } = names
    const initialVersions = Object.fromEntries(has.map(({ name, version }) => [name, version]))
    this.event({
      kind: 'request',
      request: { type, subscribe, unsubscribe, initialVersions },
      nonce: '',
      error: undefined,
    })
  }

  /** Answers the oldest unanswered response of that type. */
  answer(type: XdsType, error?: string): ScriptResponse {
    const index = this.unanswered.findIndex((response) => response.type === type)
    const response = this.unanswered[index]
    if (response === undefined) throw new Error(`no response of ${type} is unanswered`)
    this.unanswered.splice(index, 1)
    this.#reply(response, error)
    return response
  }

  /** Answers the unanswered response that carries that name. */
  answerFor(name: string, error?: string): void {
    const index = this.unanswered.findIndex(({ sent }) => sent.some(({ resource }) => resource.name === name))
    const response = this.unanswered[index]
    if (response === undefined) throw new Error(`no unanswered response carries ${name}`)
    this.unanswered.splice(index, 1)
    this.#reply(response, error)
  }

  #reply({ type, nonce }: ScriptResponse, error: string | undefined): void {
    const request = { type, subscribe: [], unsubscribe: [], initialVersions: {} }
    this.event({ kind: 'request', request, nonce, error })
  }

  /** Acknowledges everything until nothing more comes. */
  ackAll(): void {
    for (let response = this.unanswered.shift(); response !== undefined; response = this.unanswered.shift()) {
      this.#reply(response, undefined)
    }
  }

  /** Lets time pass, and wakes the stream whenever it asked for it. */
  wait(ms: number): void {
    const end = this.nowMs + ms
    for (let at = this.stream.wakeAtMs; at !== undefined && at <= end; at = this.stream.wakeAtMs) {
      this.nowMs = Math.max(at, this.nowMs)
      this.event({ kind: 'wake' })
    }
    this.nowMs = end
  }
}
