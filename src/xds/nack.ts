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
 * it: at the start or after a separator, followed by `: `. One pass, however many names there are, and none over a
 * message that is longer than all of them can make it: the client writes it, and every other one waits meanwhile.
 */
export function culpritsOf(type: XdsType, message: string, names: readonly string[]): readonly Culprit[] {
  const prefix = partialPrefixes[type]
  const separator = separators[type]
  if (prefix === undefined || separator === undefined || !message.startsWith(prefix)) return []
  if (message.length > maxReadLength) return []
  const body = message.slice(prefix.length)
  const starts = startsOf(body, separator, names)
  return starts.map(({ name, at }, index) => {
    const end = starts[index + 1]?.at ?? body.length
    const text = body.slice(at + name.length + label.length, end).trim()
    return { name, message: text.endsWith(',') ? text.slice(0, -1) : text }
  })
}

/** Characters of a message: 100 for each of the 10,000 resources that a response may have. */
const maxReadLength = 1_000_000

/** What stands between a name and what is wrong with it. */
const label = ': '

interface Start {
  readonly name: string
  readonly at: number
}

/** Where each name stands for the first time, in order. */
function startsOf(body: string, separator: string, names: readonly string[]): readonly Start[] {
  const left = new Set(names)
  const longest = names.reduce((most, { length }) => Math.max(most, length), 0)
  const starts: Start[] = []
  let at = 0
  do {
    const name = nameIn(body.slice(at, at + longest + label.length), left)
    if (name !== undefined) {
      left.delete(name)
      starts.push({ name, at })
    }
    at = body.indexOf(separator, at) + separator.length
  } while (at >= separator.length && left.size > 0)
  return starts
}

/** The name that a text begins with. */
function nameIn(text: string, names: ReadonlySet<string>): string | undefined {
  for (let end = text.indexOf(label); end >= 0; end = text.indexOf(label, end + 1)) {
    const name = text.slice(0, end)
    if (names.has(name)) return name
  }
  return undefined
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
