/** YAML text to plain values with positions, read as kubectl reads it and bounded against hostile input. */
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  Scalar,
  visit,
  type YAMLMap,
} from 'yaml'
import type { PathSegment } from '../api/field-path.ts'
import { readPlain } from './plain-yaml.ts'
import { FullReading, maxAliases, maxFullChars, maxProblems, openBracketTooDeep } from './yaml-limits.ts'
import { type Explanation, explainError, explainFailure, tooDeep, tooManyAliases, tooMuch } from './yaml-problems.ts'

/** A place in a text; both count from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** A mistake in the syntax of a text. */
export interface YamlProblem extends Position {
  readonly message: string
  readonly remedy?: string | undefined
}

/** One document of a text. `problems` is empty when `value` can be trusted. */
export interface YamlDocument {
  /** Among the documents of the text, those without content left out of the result but counted. */
  readonly index: number
  readonly value: unknown
  readonly problems: readonly YamlProblem[]
  /** Start of its content. */
  readonly start: Position
  /** The part of the text that is the document, for `readSlice`. */
  readonly slice: Slice
  /** Place of a field, or of its nearest ancestor that is there. Holds the syntax tree: not to be kept. */
  positionOf(path: readonly PathSegment[]): Position
}

/** A part of a text that starts at the beginning of a line. Offsets in UTF-16 code units. */
export interface Slice {
  readonly from: number
  readonly to: number
  /** Line of `from`. */
  readonly line: number
}

/** Aliases may repeat at most this many nodes for each anchor. */
const maxAliasCount = 100

const trueWords = /^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)$/

/** kubectl's reader takes yes, no, on and off for booleans, as YAML 1.1 did. */
const kubectlBoolean = {
  tag: 'tag:yaml.org,2002:bool',
  default: true,
  identify: (value: unknown) => typeof value === 'boolean',
  test: /^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON|n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/,
  resolve: (text: string) => new Scalar(trueWords.test(text)),
}

/** The document that is this slice of the text; undefined when it cannot be read. */
export function readSlice(text: string, slice: Slice): YamlDocument | undefined {
  if (slice.to - slice.from > maxFullChars) return undefined
  const document = readFully(text.slice(slice.from, slice.to), slice)[0]
  return document === undefined || document.problems.length > 0 ? undefined : document
}

/** The documents of a text. Never throws: what cannot be read is a document with problems. */
export function readYaml(text: string): readonly YamlDocument[] {
  const slices = splitDocuments(text)
  const reading = new FullReading()
  if (slices === undefined) return withContent(readBounded(text, { from: 0, to: text.length, line: 1 }, reading))
  return withContent(
    slices.flatMap((slice, index) => {
      const source = text.slice(slice.from, slice.to)
      const documents = readFast(source, slice, reading) ?? readBounded(source, slice, reading)
      return documents.map((document) => ({ ...document, index, slice }))
    }),
  )
}

function withContent(documents: readonly YamlDocument[]): readonly YamlDocument[] {
  return documents.filter(({ value, problems }) => value !== null || problems.length > 0)
}

/** Lines that begin or end a document, inside a quoted or literal text too. */
const separator = /^(?:---|\.\.\.)(?=[ \t\r\n]|$)/gm

/** A slice for each document; undefined for text with `...` or directives, where documents end in other ways too. */
function splitDocuments(text: string): readonly Slice[] | undefined {
  if (text.startsWith('%') || text.includes('\n%')) return undefined
  const starts: number[] = []
  for (const { 0: mark, index } of text.matchAll(separator)) {
    if (mark === '...') return undefined
    starts.push(index)
  }
  const froms = starts[0] === 0 ? starts : [0, ...starts]
  let line = 1
  return froms.map((from, index) => {
    const slice = { from, to: froms[index + 1] ?? text.length, line }
    line += countLines(text, from, slice.to)
    return slice
  })
}

function countLines(text: string, from: number, to: number): number {
  let count = 0
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) count += 1
  return count
}

const marker = /^---[ ]*\r?(?:\n|$)/
const leadingLines = /^(?:[ ]*(?:#[^\n]*)?\r?\n)*/

/** The document of a slice by the fast reader, when it is plain; the full parser is asked for positions only. */
function readFast(source: string, slice: Slice, reading: FullReading): readonly YamlDocument[] | undefined {
  const head = marker.exec(source)?.[0].length ?? 0
  const body = source.slice(head)
  const value = readPlain(body)
  if (value === undefined) return undefined
  const contentOffset = head + (leadingLines.exec(body)?.[0].length ?? 0)
  const start = { line: slice.line + countLines(source, 0, contentOffset), column: 1 }
  let parsed: YamlDocument | undefined
  const positionOf = (path: readonly PathSegment[]): Position => {
    if (path.length === 0 || (parsed === undefined && !reading.take(source.length))) return start
    parsed ??= readFully(source, slice)[0]
    return parsed?.positionOf(path) ?? start
  }
  return [{ index: 0, value, problems: [], start, slice, positionOf }]
}

/** As `readFully`, as long as the text has not made the full parser read too much. */
function readBounded(source: string, slice: Slice, reading: FullReading): readonly YamlDocument[] {
  return reading.take(source.length) ? readFully(source, slice) : [unreadable(tooMuch, slice.line)]
}

/** The documents of a part of a text by the full parser. */
function readFully(source: string, { from, line }: Slice): readonly YamlDocument[] {
  const lines = new LineCounter()
  const at = (offset: number): Position => {
    const position = lines.linePos(offset)
    return { line: position.line + line - 1, column: position.col }
  }
  const tooDeepAt = openBracketTooDeep(source)
  if (tooDeepAt !== undefined) return [unreadable(tooDeep, line + countLines(source, 0, tooDeepAt))]
  try {
    const documents = parseAllDocuments(source, {
      customTags: (tags) => [kubectlBoolean, ...tags.filter((tag) => tag !== 'bool')],
      lineCounter: lines,
      merge: true,
      prettyErrors: false,
      // Checked below: the parser's own check takes quadratic time.
      uniqueKeys: false,
    })
    return Array.isArray(documents) ? documents.map((document, index) => readDocument(document, index, from, at)) : []
  } catch (error) {
    // The parser is recursive: nesting deep enough overflows the stack.
    return [unreadable(error instanceof RangeError ? tooDeep : explainFailure(error), line)]
  }
}

function unreadable(why: Explanation, line: number): YamlDocument {
  const start = { line, column: 1 }
  const problem = { ...start, ...why }
  const slice = { from: 0, to: 0, line }
  return { index: 0, value: undefined, problems: [problem], start, slice, positionOf: () => start }
}

function readDocument(
  document: Document.Parsed,
  index: number,
  from: number,
  at: (offset: number) => Position,
): YamlDocument {
  const start = at(document.contents?.range?.[0] ?? document.range[0])
  const problems = document.errors.slice(0, maxProblems).map((error): YamlProblem => {
    const { offset, message, remedy } = explainError(error, document)
    return { ...at(offset), message, remedy }
  })
  if (problems.length === 0) problems.push(...checkNodes(document, at))
  let value: unknown
  if (problems.length === 0) {
    try {
      value = document.toJS({ maxAliasCount })
    } catch (error) {
      problems.push({ ...start, ...explainFailure(error) })
    }
  }
  const [begin, , end] = document.range
  const slice = { from: from + begin, to: from + end, line: at(begin).line }
  return { index, value, problems, start, slice, positionOf: (path) => locate(document, path, start, at) }
}

/** Duplicate keys, and aliases that stand for nothing or for what contains them. */
function checkNodes(document: Document.Parsed, at: (offset: number) => Position): readonly YamlProblem[] {
  const problems: YamlProblem[] = []
  const report = (node: unknown, { message, remedy }: Explanation): symbol | undefined => {
    const offset = isNode(node) ? (node.range?.[0] ?? 0) : 0
    problems.push({ ...at(offset), message, remedy })
    return problems.length < maxProblems ? undefined : visit.BREAK
  }
  // What an alias itself looks for by going through the whole document.
  const anchors = new Map<string, Node>()
  const note = (node: Node & { readonly anchor?: string | undefined }): void => {
    if (node.anchor !== undefined) anchors.set(node.anchor, node)
  }
  let aliases = 0
  visit(document, {
    Alias: (_, alias, ancestors) => {
      aliases += 1
      const target = anchors.get(alias.source)
      if (aliases > maxAliases) {
        report(alias, tooManyAliases)
        return visit.BREAK
      }
      if (target === undefined) return report(alias, noAnchor)
      return ancestors.includes(target) ? report(alias, circle) : undefined
    },
    Map: (_, map) => {
      note(map)
      return repeatedKeys(map).some(([key, name]) => report(key, repeatedKey(name)) !== undefined)
        ? visit.BREAK
        : undefined
    },
    Scalar: (_, scalar) => note(scalar),
    Seq: (_, seq) => note(seq),
  })
  return problems
}

const noAnchor = { message: 'an alias has no anchor before it', remedy: 'quote a value that begins with "*"' }
const circle = { message: 'an alias refers to what contains it', remedy: 'write the value out' }

function repeatedKey(name: string): Explanation {
  return {
    message: `the key ${JSON.stringify(name)} appears twice in one mapping`,
    remedy: 'remove one of them, or indent what belongs to another key',
  }
}

/** Keys that stood in the mapping before, with their names. */
function repeatedKeys(map: YAMLMap): readonly (readonly [unknown, string])[] {
  const seen = new Set<string>()
  return map.items.flatMap(({ key }) => {
    const name = keyName(key)
    const isRepeated = seen.has(name) && name !== '<<'
    seen.add(name)
    return isRepeated ? [[key, name] as const] : []
  })
}

/** The text of a key; the parser reads `<<` as a symbol. */
function keyName(key: unknown): string {
  const value = isNode(key) && 'value' in key ? key.value : key
  return typeof value === 'symbol' ? (value.description ?? '') : String(value)
}

function locate(
  document: Document.Parsed,
  path: readonly PathSegment[],
  start: Position,
  at: (offset: number) => Position,
): Position {
  let node: Node | null = document.contents
  let position = start
  for (const segment of path) {
    if (isAlias(node)) node = node.resolve(document) ?? null
    const step = stepInto(node, segment)
    if (step === undefined) return position
    if (step.offset !== undefined) position = at(step.offset)
    node = step.node
  }
  return position
}

interface Step {
  readonly node: Node | null
  readonly offset: number | undefined
}

/** Into a list item, or a field: a field's place is that of its key. */
function stepInto(node: Node | null, segment: PathSegment): Step | undefined {
  if (isSeq(node) && typeof segment === 'number') {
    const item = node.items[segment]
    return isNode(item) ? { node: item, offset: item.range?.[0] } : undefined
  }
  if (!isMap(node)) return undefined
  const pair = node.items.find(({ key }) => keyName(key) === String(segment))
  if (pair === undefined) return undefined
  return { node: isNode(pair.value) ? pair.value : null, offset: isNode(pair.key) ? pair.key.range?.[0] : undefined }
}
