import { type Node, SyntaxKind } from 'typescript/unstable/ast'
import {
  isCallExpression,
  isExportAssignment,
  isExportDeclaration,
  isIdentifier,
  isNewExpression,
  isPropertyAccessExpression,
} from 'typescript/unstable/ast/is'
import { lineOf, type ParsedFile, walk } from '../source-tree.ts'

/** Members that read the clock, chance or the environment, or write somewhere. */
const impureMembers = new Set(['Date.now', 'Math.random', 'performance.now', 'performance.timeOrigin'])
/** Globals of which no member is pure. */
const impureGlobals = new Set(['process', 'console', 'crypto'])
const impureFunctions = new Set([
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'fetch',
  'require',
  'Date',
])

/** Uses of clock, chance, timers, environment, network and terminal. `new Date(value)` is pure, `new Date()` is not. */
export function findImpurities(file: ParsedFile): readonly { readonly line: number; readonly what: string }[] {
  const found: { line: number; what: string }[] = []
  walk(file.syntax, (node) => {
    const what = impurityOf(node)
    if (what !== undefined) found.push({ line: lineOf(file, node), what })
  })
  return found
}

function impurityOf(node: Node): string | undefined {
  if (isNewExpression(node) && isIdentifier(node.expression) && node.expression.text === 'Date') {
    return (node.arguments?.length ?? 0) === 0 ? 'new Date()' : undefined
  }
  if (isCallExpression(node) && isIdentifier(node.expression)) {
    return impureFunctions.has(node.expression.text) ? `${node.expression.text}()` : undefined
  }
  if (isPropertyAccessExpression(node) && isIdentifier(node.expression)) {
    const name = `${node.expression.text}.${node.name.text}`
    return impureMembers.has(name) || impureGlobals.has(node.expression.text) ? name : undefined
  }
  return undefined
}

/** `export default ...` in any form. */
export function hasDefaultExport(file: ParsedFile): boolean {
  return file.syntax.statements.some((statement) => {
    if (isExportAssignment(statement)) return true
    let isDefault = false
    statement.forEachChild((child) => {
      if (child.kind === SyntaxKind.DefaultKeyword) isDefault = true
    })
    return isDefault
  })
}

/** A file that does nothing but hand on what other files export. */
export function isBarrel(file: ParsedFile): boolean {
  const { statements } = file.syntax
  const handsOn = (node: Node) => isExportDeclaration(node) && node.moduleSpecifier !== undefined
  return statements.length > 0 && statements.every((statement) => handsOn(statement))
}
