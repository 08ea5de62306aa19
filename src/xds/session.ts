import { type ServerDuplexStream, status } from '@grpc/grpc-js'
import {
  assembleDeltaResponse,
  type DeltaRequest,
  decodeDeltaRequest,
  encodeResourceFrame,
} from '../envoy/discovery.ts'
import { saltScope } from '../envoy/salt.ts'
import { xdsTypeOfUrl, xdsTypeUrl } from '../envoy/types.ts'
import { unreachable } from '../lib/assert.ts'
import type { FairTurns } from '../lib/fair-turns.ts'
import type { Logger } from '../lib/logger.ts'
import { nodeProblem, type ProxyIdentity } from './authenticate.ts'
import { DeltaStream, type StreamEvent, type TypeProgress } from './delta-stream.ts'
import type { Feedback } from './feedback.ts'
import type { Sent } from './lane.ts'
import type { StreamLimits } from './limits.ts'
import type { XdsMetrics } from './metrics.ts'
import { type NodeIdentity, parseNode } from './node.ts'
import { Outbox, type UnreadTotal } from './outbox.ts'
import type { RefusalLog } from './refusal-log.ts'
import { measureRequest, RequestBudget } from './request-guard.ts'
import type { Revision } from './revision.ts'
import type { DirtyNames, ResourceStore, StoreMembership } from './store.ts'
import type { Effect } from './stream-state.ts'

/** What all sessions share. */
export interface SessionShared {
  readonly store: ResourceStore
  readonly feedback: Feedback
  readonly logger: Logger
  readonly metrics: XdsMetrics
  readonly limits: StreamLimits
  /** Monotonic, in ms. */
  readonly now: () => number
  readonly nextSalt: () => string
  /** A client that takes nothing for so long is cut off. */
  readonly writeTimeoutMs: number
  /** How long a client waits for its Gateway, or for the first configuration, before it is turned away. */
  readonly unknownGatewayWaitMs: number
  readonly refusals: RefusalLog
  /** What all clients together have not read. */
  readonly unread: UnreadTotal
  /** Turns for the first configuration, by Gateway: that of a thousand proxies at once would need memory for all. */
  readonly firstSyncs: FairTurns
  /** A turn ends after this time, synced or not. */
  readonly firstSyncMs: number
}

/** One connected proxy, as the admin pages show it. */
export interface ProxyProgress {
  readonly node: NodeIdentity
  /** Time since it connected, in ms. */
  readonly connectedMs: number
  readonly synced: boolean
  readonly types: readonly TypeProgress[]
}

type Call = ServerDuplexStream<Buffer, Buffer>

/** The gRPC side of one stream: bytes in and out, timers, back pressure. What to say is decided by DeltaStream. */
export class DeltaSession {
  readonly #call: Call
  readonly #shared: SessionShared
  readonly #onEnd: () => void
  readonly #identity: ProxyIdentity | undefined
  readonly #sinceMs: number
  #node: NodeIdentity | undefined
  #membership: StoreMembership | undefined
  #stream: DeltaStream | undefined
  /** The first request, until it is the client's turn. */
  #first: DeltaRequest | undefined
  /** Why nothing is read now. */
  readonly #pauses = new Set<'turn' | 'budget'>()
  readonly #budget: RequestBudget
  readonly #outbox: Outbox
  #wakeTimer: NodeJS.Timeout | undefined
  #wakeAtMs: number | undefined
  #parkTimer: NodeJS.Timeout | undefined
  #budgetTimer: NodeJS.Timeout | undefined
  #turnTimer: NodeJS.Timeout | undefined
  #hasTurn = false
  #isInLine = false
  #isEnded = false

  /** Without an identity a client is who it says it is. */
  constructor(
    call: Call,
    shared: SessionShared,
    { identity, onEnd }: { readonly identity?: ProxyIdentity | undefined; readonly onEnd: () => void },
  ) {
    this.#call = call
    this.#shared = shared
    this.#identity = identity
    this.#onEnd = onEnd
    this.#sinceMs = shared.now()
    this.#budget = new RequestBudget(this.#sinceMs)
    this.#outbox = new Outbox({
      write: (bytes, done) => call.write(bytes, done),
      total: shared.unread,
      timeoutMs: shared.writeTimeoutMs,
      onCongestion: (isCongested) => this.#run({ kind: isCongested ? 'congested' : 'drained' }),
      onStuck: () => this.close(status.UNAVAILABLE, 'the client does not read'),
    })
    call.on('data', (bytes: Buffer) => this.#receive(bytes))
    call.on('end', () => this.#end(() => call.end()))
    call.on('cancelled', () => this.#end(() => {}))
    call.on('error', (error: Error) => {
      shared.logger.debug({ node: this.#node?.id, error: error.message }, 'xds stream failed')
      this.#end(() => {})
    })
  }

  /** Undefined until the client is served. */
  get progress(): ProxyProgress | undefined {
    const stream = this.#stream
    if (this.#node === undefined || stream === undefined) return undefined
    const connectedMs = this.#shared.now() - this.#sinceMs
    return { node: this.#node, connectedMs, synced: stream.isSynced, types: stream.progress() }
  }

  /** Ends the stream with a status. */
  close(code: status, details: string): void {
    this.#end(() => this.#call.emit('error', { code, details }))
  }

  #receive(bytes: Buffer): void {
    if (this.#isEnded) return
    const names = measureRequest(bytes, this.#shared.limits.maxSubscriptions)
    if (!names.ok) {
      this.close(status.RESOURCE_EXHAUSTED, names.error)
      return
    }
    this.#slowDown(this.#budget.charge(names.value, this.#shared.now()))
    let request: DeltaRequest
    try {
      request = decodeDeltaRequest(bytes)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.close(status.INVALID_ARGUMENT, `request is not a DeltaDiscoveryRequest: ${reason}`)
      return
    }
    const node = this.#node
    if (node === undefined) this.#admit(request)
    else if (this.#isSameNode(node, request)) this.#pass(request)
    else this.close(status.INVALID_ARGUMENT, `the node of a stream must not change; it was ${node.id}`)
  }

  #slowDown(pauseMs: number): void {
    if (pauseMs === 0) return
    clearTimeout(this.#budgetTimer)
    this.#pause('budget')
    this.#budgetTimer = setTimeout(() => this.#resume('budget'), pauseMs).unref()
  }

  /** What the client sends stays in its connection meanwhile. */
  #pause(reason: 'turn' | 'budget'): void {
    this.#pauses.add(reason)
    this.#call.pause()
  }

  #resume(reason: 'turn' | 'budget'): void {
    if (this.#pauses.delete(reason) && this.#pauses.size === 0 && !this.#isEnded) this.#call.resume()
  }

  #isSameNode(node: NodeIdentity, request: DeltaRequest): boolean {
    return request.node === undefined || (request.node.id === node.id && request.node.cluster === node.gateway)
  }

  #admit(request: DeltaRequest): void {
    const { store } = this.#shared
    const node = parseNode(request.node)
    if (!node.ok) {
      this.close(status.INVALID_ARGUMENT, node.error)
      return
    }
    const problem = this.#identity && nodeProblem(this.#identity, node.value)
    if (problem !== undefined) {
      this.#shared.refusals.refused({ node: node.value.id, code: 'PERMISSION_DENIED', reason: problem })
      this.close(status.PERMISSION_DENIED, problem)
      return
    }
    this.#node = node.value
    const { gateway } = node.value
    const changed = (dirty: DirtyNames, revision?: Revision) => {
      if (this.#stream === undefined) this.#getInLine(node.value)
      else this.#run({ kind: 'changed', dirty, revision })
    }
    this.#membership = store.join(gateway, { changed }, node.value.id)
    this.#first = request
    this.#pause('turn')
    this.#getInLine(node.value)
    if (!this.#isInLine) this.#park(node.value)
  }

  /** Lets a client wait: one that is sent away comes back late, because it waits longer each time. */
  #park({ id, gateway }: NodeIdentity): void {
    const { store, refusals, unknownGatewayWaitMs } = this.#shared
    if (store.isSynced) refusals.waits({ node: id, gateway })
    const refuse = () => {
      if (store.isSynced) this.close(status.NOT_FOUND, `no Gateway ${gateway} is configured (node.cluster names it)`)
      else this.close(status.UNAVAILABLE, 'the first configuration is still being read')
    }
    this.#parkTimer = setTimeout(refuse, unknownGatewayWaitMs).unref()
  }

  /** Once there is something to serve. */
  #getInLine(node: NodeIdentity): void {
    const { store } = this.#shared
    if (this.#isInLine || !store.isSynced || !store.has(node.gateway)) return
    this.#isInLine = true
    clearTimeout(this.#parkTimer)
    this.#takeTurn(node).catch((error: unknown) => this.#fail(error))
  }

  async #takeTurn(node: NodeIdentity): Promise<void> {
    const { firstSyncs, firstSyncMs } = this.#shared
    this.#hasTurn = await firstSyncs.take(node.gateway)
    if (this.#isEnded) this.#endTurn()
    else if (!this.#hasTurn) this.close(status.UNAVAILABLE, 'too many proxies wait for their first configuration')
    else {
      this.#turnTimer = setTimeout(() => this.#endTurn(), firstSyncMs).unref()
      this.#serve(node)
      if (this.#first !== undefined) this.#pass(this.#first)
      this.#first = undefined
      this.#resume('turn')
    }
  }

  #endTurn(): void {
    clearTimeout(this.#turnTimer)
    if (this.#hasTurn) this.#shared.firstSyncs.give()
    this.#hasTurn = false
  }

  #serve(node: NodeIdentity): void {
    const { limits, nextSalt, feedback, logger, refusals } = this.#shared
    if (this.#membership === undefined) return
    if (this.#identity?.mayRun(node.gateway) === false) {
      const reason = `${this.#identity.name} may not have the configuration of Gateway ${node.gateway}`
      refusals.refused({ node: node.id, gateway: node.gateway, code: 'PERMISSION_DENIED', reason })
      this.close(status.PERMISSION_DENIED, reason)
      return
    }
    this.#stream = new DeltaStream({
      membership: this.#membership,
      quarantine: this.#membership.quarantine,
      envoyVersion: node.version,
      limits,
      nextSalt,
    })
    feedback.connected(node.gateway, this, node.ownerUid)
    logger.info({ node: node.id, gateway: node.gateway, version: node.version }, 'proxy connected')
  }

  #pass(request: DeltaRequest): void {
    if (this.#isEnded) return
    const type = xdsTypeOfUrl(request.typeUrl)
    if (type === undefined) {
      this.#shared.refusals.unknownType({ node: this.#node?.id, type: request.typeUrl.slice(0, 200) })
      return
    }
    const error = request.errorDetail?.message ?? (request.errorDetail === undefined ? undefined : 'no message')
    if (request.responseNonce !== '') {
      if (error === undefined) this.#shared.metrics.acked(type)
      else this.#shared.metrics.nacked(type)
    }
    const { resourceNamesSubscribe: subscribe, resourceNamesUnsubscribe: unsubscribe } = request
    const initialVersions = request.initialResourceVersions
    const nonce = request.responseNonce
    this.#run({ kind: 'request', request: { type, subscribe, unsubscribe, initialVersions }, nonce, error })
  }

  #run(event: StreamEvent): void {
    const stream = this.#stream
    if (stream === undefined || this.#isEnded) return
    try {
      for (const effect of stream.handle(event, this.#shared.now())) this.#perform(effect)
    } catch (error) {
      this.#fail(error)
    }
    this.#scheduleWake()
  }

  /** A bug: it ends this stream alone, of which it is not known any more what its client has. */
  #fail(error: unknown): void {
    this.#shared.logger.error({ node: this.#node?.id, err: error }, 'bug: a stream failed')
    this.close(status.INTERNAL, 'a bug ended the stream; the log of the control plane says more')
  }

  #perform(effect: Effect): void {
    const node = this.#node
    if (node === undefined || this.#isEnded) return
    const { logger, feedback } = this.#shared
    switch (effect.kind) {
      case 'send':
        this.#send(effect)
        return
      case 'accepted':
        this.#accept(node, effect)
        return
      case 'refused': {
        const { type, resource, message } = effect
        const { name, version, origins = [] } = resource
        logger.warn({ node: node.id, gateway: node.gateway, type, name, version, error: message }, 'proxy refused')
        feedback.refused(node.id, { gateway: node.gateway, type, name, version, message, origins })
        return
      }
      case 'nacked': {
        const { type, count, message } = effect
        logger.info({ node: node.id, type, count, error: message }, 'proxy refused a response, it is sent in halves')
        return
      }
      case 'synced':
        logger.info({ node: node.id, gateway: node.gateway }, 'proxy synced')
        this.#endTurn()
        feedback.synced(node.gateway, this)
        return
      case 'taken':
        feedback.took(node.gateway, this, effect.revision)
        return
      case 'late':
        logger.warn(
          { node: node.id, gateway: node.gateway },
          'proxy does not answer; its Gateway is reported without it',
        )
        feedback.late(node.gateway, this)
        return
      case 'overdue': {
        const { type, name, waitedFor } = effect
        logger.warn({ node: node.id, type, name, waitedFor }, 'went on without waiting any longer')
        return
      }
      case 'close':
        this.close(status[effect.code], effect.message)
        return
      default:
        unreachable(effect)
    }
  }

  #send({ type, nonce, sent, removed }: Extract<Effect, { kind: 'send' }>): void {
    const frames = sent.map(frameOf)
    const bytes = assembleDeltaResponse({ typeUrl: xdsTypeUrl(type), nonce, frames, removed })
    this.#shared.metrics.sent(type, sent.length, bytes.length)
    this.#budget.allowAnswer()
    this.#outbox.send(bytes)
  }

  #accept(node: NodeIdentity, { type, sent }: Extract<Effect, { kind: 'accepted' }>): void {
    const { feedback, store } = this.#shared
    if (!feedback.hasRefusals) return
    const { gateway } = node
    for (const { resource } of sent) {
      const { name, version } = resource
      if (store.get(gateway, type, name)?.version === version) {
        feedback.accepted(node.id, { gateway, type, name }, version)
      }
    }
  }

  #scheduleWake(): void {
    const atMs = this.#isEnded ? undefined : this.#stream?.wakeAtMs
    if (atMs === this.#wakeAtMs) return
    clearTimeout(this.#wakeTimer)
    this.#wakeAtMs = atMs
    if (atMs === undefined) return
    const wake = () => {
      this.#wakeAtMs = undefined
      this.#run({ kind: 'wake' })
    }
    this.#wakeTimer = setTimeout(wake, Math.max(1, Math.ceil(atMs - this.#shared.now()))).unref()
  }

  #end(finish: () => void): void {
    if (this.#isEnded) return
    this.#isEnded = true
    for (const timer of [this.#wakeTimer, this.#parkTimer, this.#budgetTimer]) clearTimeout(timer)
    this.#endTurn()
    this.#outbox.end()
    this.#first = undefined
    this.#membership?.leave()
    const { feedback, logger } = this.#shared
    if (this.#node !== undefined && this.#stream !== undefined) {
      feedback.disconnected(this.#node.gateway, this)
      logger.info({ node: this.#node.id, gateway: this.#node.gateway }, 'proxy disconnected')
    }
    this.#onEnd()
    finish()
  }
}

function frameOf({ resource, version, salt }: Sent): Uint8Array {
  if (salt === undefined) return encodeResourceFrame(resource)
  return encodeResourceFrame({ ...resource, version, bytes: saltScope(resource.bytes, salt) })
}
