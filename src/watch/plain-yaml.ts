/**
 * A reader for the plain part of YAML that most manifests keep to: block mappings and lists, one-line flow collections,
 * one-line scalars, comments on lines of their own. About fifteen times as fast as the full parser. It gives up on
 * anything else, so that it never has to decide what is a mistake: what it reads, the full parser reads to the same value.
 */

/** Thrown inside the reader for text that is not plain. One for all: a stack would cost more than the reading. */
const notPlain = new Error('not plain YAML')

const maxDepth = 64
const keyPattern = /^[A-Za-z_][A-Za-z0-9_./-]{0,127}$/
const blockScalar = /^[A-Za-z0-9_/.+][A-Za-z0-9_/.+\-=~@*: ]*$/
const flowScalar = /[A-Za-z0-9_/.+][A-Za-z0-9_/.+\-=~@*]*/y
const canonicalInteger = /^(?:0|[1-9][0-9]{0,14})$/
/** Perhaps a number in one of the many forms of YAML; IPv4 addresses are none. */
const looksNumeric = /^(?!\d+\.\d+\.\d+\.\d+$)[+.0-9][0-9a-f.+_:xo-]*$|^[+]?\.(?:inf|nan)$/i
const specialWord = /^(?:y|n|yes|no|on|off|true|false|null)$/i

/** The value of one document without its `---`; undefined when it is not plain or has no content. */
export function readPlain(text: string): unknown {
  try {
    return new PlainReader(text).read()
  } catch (error) {
    if (error === notPlain) return undefined
    throw error
  }
}

class PlainReader {
  readonly #lines: readonly string[]
  #next = 0
  /** Content of the current line without indentation; '' behind the last line. */
  #content = ''
  /** -1 behind the last line. */
  #indent: number = -1

  constructor(text: string) {
    this.#lines = text.split('\n')
    this.#advance()
  }

  read(): unknown {
    if (this.#indent !== 0) throw notPlain
    const value = this.#block(0, 0)
    if (this.#content !== '') throw notPlain
    return value
  }

  /** Goes to the next line that holds something. */
  #advance(): void {
    while (this.#next < this.#lines.length) {
      const line = this.#lines[this.#next] ?? ''
      this.#next += 1
      let indent = 0
      while (line.charCodeAt(indent) === 0x20) indent += 1
      const content = line.slice(indent, contentEnd(line, indent))
      if (content === '' || content.startsWith('#')) continue
      this.#indent = indent
      this.#content = content
      return
    }
    this.#indent = -1
    this.#content = ''
  }

  #block(indent: number, depth: number): unknown {
    if (depth > maxDepth) throw notPlain
    return this.#content.startsWith('- ') ? this.#list(indent, depth) : this.#mapping(indent, depth)
  }

  #mapping(indent: number, depth: number): unknown {
    const mapping: Record<string, unknown> = {}
    while (this.#indent === indent && !this.#content.startsWith('- ')) {
      const content = this.#content
      const colon = keyEnd(content)
      const key = content.slice(0, colon)
      checkKey(key, mapping)
      const rest = withoutLeadingBlanks(content.slice(colon + 1))
      this.#advance()
      mapping[key] = rest === '' ? this.#nested(indent, depth) : readInline(rest)
    }
    return mapping
  }

  /** What stands below `key:`. A list may be indented as the key is. */
  #nested(indent: number, depth: number): unknown {
    if (this.#indent > indent) return this.#block(this.#indent, depth + 1)
    return this.#indent === indent && this.#content.startsWith('- ') ? this.#list(indent, depth + 1) : null
  }

  #list(indent: number, depth: number): unknown {
    const list: unknown[] = []
    while (this.#indent === indent && this.#content.startsWith('- ')) {
      const item = withoutLeadingBlanks(this.#content.slice(2))
      const isNested = item.startsWith('- ') || (/^[A-Za-z_]/.test(item) && hasKey(item))
      if (isNested) {
        // The item's first line is the first line of the block inside it.
        this.#indent += this.#content.length - item.length
        this.#content = item
        list.push(this.#block(this.#indent, depth + 1))
      } else {
        this.#advance()
        list.push(readInline(item))
      }
    }
    return list
  }
}

/** Without the blanks at the end and the carriage return of Windows. Other white space is content to YAML. */
function contentEnd(line: string, start: number): number {
  let end = line.endsWith('\r') ? line.length - 1 : line.length
  while (end > start && line.charCodeAt(end - 1) === 0x20) end -= 1
  return end
}

function withoutLeadingBlanks(text: string): string {
  let start = 0
  while (text.charCodeAt(start) === 0x20) start += 1
  return text.slice(start)
}

function hasKey(content: string): boolean {
  return content.endsWith(':') || content.includes(': ')
}

/** Index of the colon after a key. */
function keyEnd(content: string): number {
  const spaced = content.indexOf(': ')
  if (spaced >= 0) return spaced
  if (!content.endsWith(':')) throw notPlain
  return content.length - 1
}

function checkKey(key: string, mapping: Readonly<Record<string, unknown>>): void {
  const isPlain = keyPattern.test(key) && !specialWord.test(key) && key !== '__proto__'
  if (!isPlain || Object.hasOwn(mapping, key)) throw notPlain
}

/** A value that ends with its line. */
function readInline(text: string): unknown {
  const first = text.charCodeAt(0)
  if (first === 0x7b || first === 0x5b) return readFlow(text)
  if (first === 0x22 || first === 0x27) return readQuoted(text, text.length)
  if (!blockScalar.test(text) || hasKey(text)) throw notPlain
  return plainValue(text)
}

/** A text in quotes that holds neither quotes nor escapes. */
function readQuoted(text: string, end: number): string {
  const inner = text.slice(1, end - 1)
  if (end < 2 || text[0] !== text[end - 1] || /["'\\\t]/.test(inner)) throw notPlain
  return inner
}

function plainValue(text: string): unknown {
  if (canonicalInteger.test(text)) return Number(text)
  if (text === 'true') return true
  if (text === 'false') return false
  if (specialWord.test(text) || looksNumeric.test(text)) throw notPlain
  return text
}

function readFlow(text: string): unknown {
  const reader = new FlowReader(text)
  return reader.read()
}

/** A flow collection on one line. */
class FlowReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  read(): unknown {
    const value = this.#value(0)
    if (this.#at !== this.#text.length) throw notPlain
    return value
  }

  #value(depth: number): unknown {
    if (depth > maxDepth) throw notPlain
    const char = this.#text[this.#at]
    if (char === '{') return this.#mapping(depth)
    if (char === '[') return this.#list(depth)
    if (char !== '"' && char !== "'") return plainValue(this.#scalar())
    const end = this.#text.indexOf(char, this.#at + 1) + 1
    if (end === 0) throw notPlain
    const quoted = this.#text.slice(this.#at, end)
    this.#at = end
    return readQuoted(quoted, quoted.length)
  }

  #mapping(depth: number): unknown {
    const mapping: Record<string, unknown> = {}
    this.#items('}', () => {
      const key = this.#scalar()
      checkKey(key, mapping)
      if (this.#text[this.#at] !== ':' || this.#text[this.#at + 1] !== ' ') throw notPlain
      this.#at += 1
      this.#blanks()
      mapping[key] = this.#value(depth + 1)
    })
    return mapping
  }

  #list(depth: number): unknown {
    const list: unknown[] = []
    this.#items(']', () => list.push(this.#value(depth + 1)))
    return list
  }

  #items(close: string, readItem: () => void): void {
    this.#at += 1
    this.#blanks()
    let isFirst = true
    while (this.#text[this.#at] !== close) {
      if (!isFirst) {
        if (this.#text[this.#at] !== ',') throw notPlain
        this.#at += 1
        this.#blanks()
      }
      readItem()
      this.#blanks()
      isFirst = false
    }
    this.#at += 1
  }

  #scalar(): string {
    flowScalar.lastIndex = this.#at
    const scalar = flowScalar.exec(this.#text)?.[0]
    if (scalar === undefined) throw notPlain
    this.#at += scalar.length
    return scalar
  }

  #blanks(): void {
    while (this.#text[this.#at] === ' ') this.#at += 1
  }
}
