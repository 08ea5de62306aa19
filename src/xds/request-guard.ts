/** How much a client may make us do with what it sends. */
import { err, ok, type Result } from '../lib/result.ts'

/** Longest node: Envoy's lists its extensions, about 60 kB. */
const maxNodeBytes = 512 * 1024
/** What a NACK says; thousands of resources can be named in one. */
const maxErrorBytes = 4 * 1024 * 1024
const maxErrorParts = 1_000

/** Fields of DeltaDiscoveryRequest whose messages hold others. */
const nodeField = 1
const errorField = 7

/**
 * The number of names in a DeltaDiscoveryRequest, counted without decoding it: a few bytes of an empty name become an
 * object each. An error says which bound it breaks. Bytes that are no protobuf are left for the decoder to refuse.
 */
export function measureRequest(bytes: Uint8Array, maxNames: number): Result<number, string> {
  let fields = 0
  let problem: string | undefined
  forEachField(bytes, 0, bytes.length, (field, from, to) => {
    fields++
    if (fields > maxNames) problem = `a request may hold ${maxNames} names`
    if (field === nodeField && to - from > maxNodeBytes) problem = `a node may have ${maxNodeBytes} bytes`
    if (field === errorField) problem = errorProblem(bytes, from, to) ?? problem
    return problem === undefined
  })
  return problem === undefined ? ok(fields) : err(problem)
}

function errorProblem(bytes: Uint8Array, from: number, to: number): string | undefined {
  if (to - from > maxErrorBytes) return `error_detail may have ${maxErrorBytes} bytes`
  let parts = 0
  forEachField(bytes, from, to, () => ++parts <= maxErrorParts)
  return parts > maxErrorParts ? `error_detail may have ${maxErrorParts} details` : undefined
}

/** Visits the fields of one message with the range of their content, until `visit` returns false or bytes make no sense. */
function forEachField(
  bytes: Uint8Array,
  from: number,
  to: number,
  visit: (field: number, from: number, to: number) => boolean,
): void {
  let at = from
  const varint = (): number => {
    let value = 0
    for (let shift = 0; at < to && shift < 70; shift += 7) {
      const byte = bytes[at++] ?? 0
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    return Number.NaN
  }
  while (at < to) {
    const tag = varint()
    const wireType = tag % 8
    if (wireType === 0) varint()
    const length = wireType === 2 ? varint() : wireType === 1 ? 8 : wireType === 5 ? 4 : wireType === 0 ? 0 : Number.NaN
    const start = at
    at += length
    if (Number.isNaN(tag) || !(at <= to) || !visit(Math.floor(tag / 8), start, at)) return
  }
}

/** Work of a request that a client may ask for at once, and that it gains each second: one for it, and one per 100 names. */
const burst = 5_000
const gainPerSecond = 200

/**
 * A client that sends faster than that is read more slowly, and nobody else waits for it. Answers to what we sent are
 * free.
 */
export class RequestBudget {
  #left = burst
  #atMs: number

  constructor(nowMs: number) {
    this.#atMs = nowMs
  }

  /** A response was sent, which will be answered. */
  allowAnswer(): void {
    this.#left = Math.min(burst, this.#left + 1)
  }

  /** Time until the next request may be read, in ms. */
  charge(names: number, nowMs: number): number {
    const gain = ((nowMs - this.#atMs) * gainPerSecond) / 1000
    this.#atMs = nowMs
    this.#left = Math.min(burst, this.#left + gain) - 1 - names / 100
    return this.#left >= 0 ? 0 : Math.ceil((-this.#left * 1000) / gainPerSecond)
  }
}
