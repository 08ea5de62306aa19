import type { NamedResource } from '../envoy/resource.ts'
import type { XdsType } from '../envoy/types.ts'
import { assert } from '../lib/assert.ts'
import { Ledger } from './ledger.ts'
import { type LanePolicy, lanePolicies } from './limits.ts'
import { Subscription } from './subscription.ts'

/**
 * Where an outstanding addition is: `ready` may be sent now, `waiting` waits for clusters or scopes, `held` for scopes, `flying` for
 * its ACK; `stale` does so too, but for so long that a newer version need not; `grouped` belongs to a refused response
 * that is being split.
 */
export type Stage = 'ready' | 'waiting' | 'held' | 'flying' | 'stale' | 'grouped'

/** One name that the client has to be told about. It carries no content: that is looked up when it is sent. */
export interface Item {
  readonly name: string
  /** The oldest epoch that it stands for. */
  epoch: number
  /** The newest epoch that it stands for. */
  newestEpoch: number
  stage: Stage
  /** The response that it is in, while it is on its way. */
  nonce: string | undefined
  /** Epoch of a change that came while it was flying. */
  again: number | undefined
  /** When it goes without what it waits for; undefined while it never waited. */
  deadlineMs: number | undefined
}

/** One resource in a response, with the version that the client will know it by: the hash, or `<hash>~<salt>`. */
export interface Sent {
  readonly resource: NamedResource
  readonly version: string
  readonly salt: string | undefined
  /** Sent whether or not the client has that version. */
  readonly isForced: boolean
}

/** A response that was not answered yet. */
export interface Flight {
  readonly nonce: string
  /** Position in the order of all responses of the stream. */
  readonly order: number
  readonly sentMs: number
  /** Unanswered for so long that it holds up nothing any more. */
  isStale: boolean
  readonly sent: readonly Sent[]
  readonly removed: readonly Removal[]
}

/** A name to be taken from the client. */
export interface Removal {
  readonly name: string
  readonly epoch: number
  /** Additions up to this epoch go first. */
  readonly after: number
  readonly notBeforeMs: number
  /** When it goes without waiting any longer. */
  readonly deadlineMs: number
}

/** What the admin pages show of one type. */
export interface LaneCounters {
  sent: number
  acked: number
  nacked: number
  lastError: string | undefined
}

/** Everything that one stream knows about one type: what the client has, what it is owed, what is on its way. */
export class Lane {
  readonly type: XdsType
  readonly policy: LanePolicy
  readonly subscription = new Subscription()
  /** Version of every resource that the client acknowledged, or said that it has. */
  readonly known = new Map<string, string>()
  readonly items = new Map<string, Item>()
  readonly ready = new Set<string>()
  /** Names that must be sent even when the client has that version. */
  readonly forced = new Set<string>()
  /** Names of which the client may have something though it did not say so. Scopes among them need a salt. */
  readonly tainted = new Set<string>()
  /** Halves of refused responses, to be tried before anything else. */
  readonly groups: (readonly string[])[] = []
  readonly flights = new Map<string, Flight>()
  /**
   * Names in responses that were overtaken and may still be taken, each with the nonce of the last: until it is answered,
   * what the client had before is not what it has.
   */
  readonly overtaken = new Map<string, string>()
  /** Removals that wait for what stopped using the resource, in ascending order of deadline. */
  readonly removals = new Map<string, Removal>()
  /** Removals that may go now. */
  readonly leaving = new Map<string, Removal>()
  /** Names that go at a time, in ascending order of it: until then only old connections of the client ask for them. */
  readonly lingering = new Map<string, number>()
  /** Names asked for that do not exist: answered at once, since somebody waits. */
  readonly absent = new Set<string>()
  readonly additions = new Ledger()
  readonly departures = new Ledger()
  readonly counters: LaneCounters = { sent: 0, acked: 0, nacked: 0, lastError: undefined }
  /** Whether the last response took something away: additions and removals alternate when both are due. */
  hasJustRemoved = false
  isSubscribed = false
  /** False until the first response: a client that asked waits for one even if it is empty. */
  isAnswered = false
  loneInFlight = 0
  bulksInFlight = 0

  constructor(type: XdsType) {
    this.type = type
    this.policy = lanePolicies[type]
  }

  /** Notes that a name is owed to the client. */
  owe(name: string, epoch: number): void {
    this.cancelRemoval(name)
    const item = this.items.get(name)
    if (item === undefined) {
      this.additions.open(epoch)
      const waits = { nonce: undefined, again: undefined, deadlineMs: undefined }
      this.items.set(name, { name, epoch, newestEpoch: epoch, stage: 'ready', ...waits })
      this.ready.add(name)
      return
    }
    item.newestEpoch = epoch
    if (item.stage === 'flying') {
      if (item.again !== undefined) return
      item.again = epoch
      this.additions.open(epoch)
    } else if (item.stage !== 'grouped') {
      this.move(item, 'ready')
    }
  }

  move(item: Item, stage: Stage): void {
    assert(this.items.get(item.name) === item, `${this.type} ${item.name} is settled and cannot move to ${stage}`)
    if (item.stage === 'ready') this.ready.delete(item.name)
    item.stage = stage
    if (stage === 'ready') this.ready.add(item.name)
  }

  /** An unanswered response stops to hold up the lane. Its answer still counts when it comes. */
  overtake(flight: Flight): void {
    flight.isStale = true
    this.freeSlot(flight)
    for (const { resource } of flight.sent) {
      this.overtaken.set(resource.name, flight.nonce)
      const item = this.items.get(resource.name)
      if (item?.nonce !== flight.nonce || item.stage !== 'flying') continue
      this.tainted.add(item.name)
      if (item.again === undefined) this.move(item, 'stale')
      else this.settle(item)
    }
  }

  /** An overtaken response was answered after all. */
  arrive(flight: Flight): void {
    for (const { resource } of flight.sent) {
      if (this.overtaken.get(resource.name) === flight.nonce) this.overtaken.delete(resource.name)
    }
  }

  takeSlot(flight: Flight): void {
    if (this.#isLone(flight)) this.loneInFlight++
    else this.bulksInFlight++
  }

  freeSlot(flight: Flight): void {
    if (this.#isLone(flight)) this.loneInFlight--
    else this.bulksInFlight--
  }

  /** Whether it counts against `maxLone` rather than `maxBulks`. */
  #isLone(flight: Flight): boolean {
    return this.policy.maxLone > 0 && flight.sent.length === 1
  }

  /** The client has the name, or nothing can be sent for it. A change that came meanwhile is owed next. */
  settle(item: Item): void {
    this.additions.settle(item.epoch)
    item.deadlineMs = undefined
    if (item.again !== undefined) {
      item.epoch = item.again
      item.again = undefined
      this.move(item, 'ready')
      return
    }
    if (item.stage === 'ready') this.ready.delete(item.name)
    this.items.delete(item.name)
  }

  /** Whether the client may have something else than `known` says. */
  isUnsure(name: string): boolean {
    return this.tainted.has(name) || this.overtaken.has(name)
  }

  /** Whether the client may hold anything under that name, served or only kept in mind. */
  mayHave(name: string): boolean {
    return this.known.has(name) || this.tainted.has(name)
  }

  remove(removal: Removal): void {
    if (this.removals.has(removal.name) || this.leaving.has(removal.name)) return
    this.removals.set(removal.name, removal)
    this.departures.open(removal.epoch)
  }

  cancelRemoval(name: string): void {
    this.lingering.delete(name)
    const removal = this.removals.get(name) ?? this.leaving.get(name)
    if (removal === undefined) return
    this.removals.delete(name)
    this.leaving.delete(name)
    this.departures.settle(removal.epoch)
  }
}
