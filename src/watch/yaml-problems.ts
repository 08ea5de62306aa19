/** Mistakes in YAML in our own words. The parser's words are not shown: they may quote the text, which may be secret. */
import { type Document, isCollection, type Node, Scalar, visit, type YAMLError } from 'yaml'
import { maxAliases, maxFullChars } from './yaml-limits.ts'

/** What is wrong and what to do. */
export interface Explanation {
  readonly message: string
  readonly remedy: string
}

/** An explanation and its place in the text. */
export interface PlacedExplanation extends Explanation {
  readonly offset: number
}

const unnamedField = { message: 'a line without ":" stands among fields', remedy: 'write "field: value"' }
const openQuote = { message: 'a quote is opened here and not closed', remedy: 'close it' }
const openBracket = {
  message: 'this bracket or one inside it is not closed',
  remedy: 'close it, and indent what is inside',
}
const other = { message: 'this is no valid YAML', remedy: 'correct the syntax, or put the value in quotes' }

const byCode: Readonly<Partial<Record<YAMLError['code'], Explanation>>> = {
  BAD_ALIAS: {
    message: 'the name of an alias or anchor is not valid',
    remedy: 'correct it, or put the value in quotes',
  },
  BAD_DQ_ESCAPE: { message: 'unknown escape in double quotes', remedy: 'double the backslash or use single quotes' },
  BAD_INDENT: { message: 'the indentation does not fit', remedy: 'align the line with its neighbours' },
  BAD_SCALAR_START: { message: 'the value starts with a reserved character', remedy: 'put the value in quotes' },
  BLOCK_AS_IMPLICIT_KEY: {
    message: 'a mapping starts inside a value',
    remedy: 'put it on a line of its own, or quote the value if it holds ": "',
  },
  MULTILINE_IMPLICIT_KEY: unnamedField,
  RESOURCE_EXHAUSTION: { message: 'the text is nested too deeply', remedy: 'simplify it' },
  TAB_AS_INDENT: { message: 'a tab is used as indentation', remedy: 'indent with spaces' },
  TAG_RESOLVE_FAILED: {
    message: 'unknown tag or a value that does not fit its tag',
    remedy: 'remove what begins with "!"',
  },
}

/** Explains a mistake that the parser found. */
export function explainError(error: YAMLError, document: Document.Parsed): PlacedExplanation {
  const { code, message, pos } = error
  if (/Missing closing ['"]quote/.test(message)) return { ...openQuote, offset: openingQuote(document, pos[0]) }
  if (/(?:and|to) end with a? ?[\]}]/.test(message)) return { ...openBracket, offset: openingBracket(document, pos[0]) }
  if (/call stack/.test(message)) return { ...other, ...byCode.RESOURCE_EXHAUSTION, offset: pos[0] }
  if (/Implicit map keys need/.test(message)) return { ...unnamedField, offset: pos[0] }
  return { ...(byCode[code] ?? other), offset: pos[0] }
}

function openingQuote(document: Document.Parsed, end: number): number {
  const isQuoted = (node: Node): boolean =>
    node instanceof Scalar && (node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE')
  return lastStart(document, end, isQuoted)
}

function openingBracket(document: Document.Parsed, end: number): number {
  return lastStart(document, end, (node) => isCollection(node) && node.flow === true)
}

/** Start of the last node before `end` that fits and is in no other that does; `end` when there is none. */
function lastStart(document: Document.Parsed, end: number, isFitting: (node: Node) => boolean): number {
  let start: number | undefined
  visit(document, {
    Node: (_, node) => {
      const from = node.range?.[0]
      if (from === undefined || from > end || !isFitting(node)) return undefined
      start = from
      return visit.SKIP
    },
  })
  return start ?? end
}

/** Explains why the values of a document that parses cannot be built. */
export function explainFailure(error: unknown): Explanation {
  const isBomb = error instanceof ReferenceError && error.message.includes('alias count')
  if (isBomb) return { message: 'aliases repeat too many nodes', remedy: 'write the values out' }
  return error instanceof RangeError ? tooDeep : other
}

/** Nesting that overflows the recursive parser. */
export const tooDeep: Explanation = { message: 'the file is nested too deeply to be read', remedy: 'simplify it' }

/** Text beyond what is read by the full parser. */
export const tooMuch: Explanation = {
  message: `more than ${maxFullChars} characters of this file are not plain YAML, and to read them would stop everything else`,
  remedy: 'split the file',
}

/** Aliases beyond what is read. */
export const tooManyAliases: Explanation = {
  message: `there are more than ${maxAliases} aliases`,
  remedy: 'write the values out',
}
