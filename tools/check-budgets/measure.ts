import { type Node, SyntaxKind } from 'typescript/unstable/ast'
import {
  isAsExpression,
  isCallExpression,
  isFunctionLikeDeclaration,
  isTypeOperatorNode,
} from 'typescript/unstable/ast/is'
import { lineOf, type ParsedFile, walk } from '../source-tree.ts'

export interface FunctionSize {
  readonly line: number
  readonly lines: number
}

/** A use of something that the conventions rule out. */
export interface Forbidden {
  readonly line: number
  readonly what: string
}

export interface FileSizes {
  readonly path: string
  readonly lines: number
  readonly commentLines: number
  /** Without the callbacks of `describe`, which are lists of tests. */
  readonly functions: readonly FunctionSize[]
  readonly forbidden: readonly Forbidden[]
  /** Casts other than `as const`. */
  readonly casts: number
  readonly readonlys: number
}

const forbiddenKinds = new Map<SyntaxKind, string>([
  [SyntaxKind.AnyKeyword, 'any'],
  [SyntaxKind.NonNullExpression, 'non-null assertion (!)'],
  [SyntaxKind.EnumDeclaration, 'enum'],
  [SyntaxKind.ModuleDeclaration, 'namespace'],
])

const silencer = /^\s*(\/\/+|\/?\*+)\s*@ts-(ignore|expect-error|nocheck)/

/** Measures one file. */
export function measureFile(file: ParsedFile): FileSizes {
  const functions: FunctionSize[] = []
  const forbidden: Forbidden[] = []
  let casts = 0
  let readonlys = 0
  walk(file.syntax, (node) => {
    const what = forbiddenKinds.get(node.kind)
    if (what !== undefined) forbidden.push({ line: lineOf(file, node), what })
    if (isCast(node)) casts++
    if (isReadonly(node)) readonlys++
    if (isFunctionLikeDeclaration(node) && !isDescribeCallback(node)) {
      functions.push({ line: lineOf(file, node), lines: node.getText(file.syntax).split('\n').length })
    }
  })
  // In a test, @ts-expect-error asserts that something does not compile.
  const isTest = file.path.endsWith('.test.ts')
  const lines = file.text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  lines.forEach((text, index) => {
    if (silencer.test(text) && !(isTest && text.includes('@ts-expect-error'))) {
      forbidden.push({ line: index + 1, what: 'a comment that silences the compiler' })
    }
  })
  const commentLines = lines.filter((text) => /^\s*(\/\/|\/\*|\*)/.test(text)).length
  return { path: file.path, lines: lines.length, commentLines, functions, forbidden, casts, readonlys }
}

function isCast(node: Node): boolean {
  return isAsExpression(node) && node.type.getText() !== 'const'
}

/** The modifier of a property, or the operator of an array or tuple type. */
function isReadonly(node: Node): boolean {
  if (isTypeOperatorNode(node)) return node.operator === SyntaxKind.ReadonlyKeyword
  return node.kind === SyntaxKind.ReadonlyKeyword
}

function isDescribeCallback(node: Node): boolean {
  const call = node.parent
  return isCallExpression(call) && /^describe\b/.test(call.expression.getText())
}
