import type { XdsType } from '../envoy/types.ts'

/** One resource that a NACK names, and what it says about it. */
export interface Culprit {
  readonly name: string
  readonly message: string
}

/**
 * Types whose good resources Envoy takes although it refuses others of the same response, and the words with which it
 * then begins. Any other message means that nothing can be said about any resource of the response.
 */
const partialPrefixes: Readonly<Partial<Record<XdsType, string>>> = {
  cluster: 'Error adding/updating cluster(s) ',
  listener: 'Error adding/updating listener(s) ',
}

/** What stands between two culprits, by type (envoy: cds_api_helper.cc, lds_api.cc). */
const separators: Readonly<Partial<Record<XdsType, string>>> = { cluster: ', ', listener: '\n' }

/**
 * The resources that a NACK of CDS or LDS names; empty when it names none, which means that the whole response was
 * refused. Names may be prefixes of each other and messages may hold any text, so a name counts only where Envoy puts
 * it: at the start or after a separator, followed by `: `.
 */
export function culpritsOf(type: XdsType, message: string, names: readonly string[]): readonly Culprit[] {
  const prefix = partialPrefixes[type]
  const separator = separators[type]
  if (prefix === undefined || separator === undefined || !message.startsWith(prefix)) return []
  const body = message.slice(prefix.length)
  const starts = names
    .flatMap((name) => startOf(body, name, separator).map((at) => ({ name, at })))
    .sort((a, b) => a.at - b.at)
  return starts.map(({ name, at }, index) => {
    const end = starts[index + 1]?.at ?? body.length
    const text = body.slice(at + name.length + 2, end).trim()
    return { name, message: text.endsWith(',') ? text.slice(0, -1) : text }
  })
}

function startOf(body: string, name: string, separator: string): readonly number[] {
  const label = `${name}: `
  if (body.startsWith(label)) return [0]
  const at = body.indexOf(separator + label)
  return at < 0 ? [] : [at + separator.length]
}

/** Whether a refusal of a listener is about the machine rather than the resource: the same bytes may work later. */
export function isBindFailure(type: XdsType, message: string): boolean {
  return type === 'listener' && message.includes('cannot bind ')
}

const maxMessageLength = 2_000

/** As much of a message as is kept: a client may send millions of characters. A copy, which does not keep the rest alive. */
export function shortened(message: string): string {
  if (message.length <= maxMessageLength) return Buffer.from(message).toString()
  return `${Buffer.from(message.slice(0, maxMessageLength)).toString()} ...`
}
