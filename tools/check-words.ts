/**
 * Fails on file names and exported names made of words that say nothing: every one of them hides the concept that the
 * name should tell.
 *
 *   node tools/check-words.ts
 */
import { join } from 'node:path'
import { basename } from 'node:path/posix'
import { type Node, SyntaxKind } from 'typescript/unstable/ast'
import { isIdentifier, isVariableStatement } from 'typescript/unstable/ast/is'
import { lineOf, type ParsedFile, readSources, walk, withParsed } from './source-tree.ts'

const emptyWords = new Set(['util', 'utils', 'helper', 'helpers', 'manager', 'handler', 'misc', 'stuff', 'common'])

/** Words of a name in any case: `parseHttpRoute`, `parse-http-route`, `PARSE_HTTP_ROUTE`. */
export function wordsOf(name: string): readonly string[] {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.toLowerCase())
}

/** What is wrong, one line each. */
export function checkWords(files: readonly ParsedFile[]): readonly string[] {
  return files.flatMap((file) => {
    const inPath = emptyWord(basename(file.path, '.ts'))
    const named = file.syntax.statements.filter(isExported).flatMap((statement) => declaredNames(statement))
    return [
      ...(inPath === undefined
        ? []
        : [`${file.path}: "${inPath}" names no concept; name the file after what it holds`]),
      ...named.flatMap((name) => {
        const word = emptyWord(name.getText(file.syntax))
        if (word === undefined) return []
        return [`${file.path}:${lineOf(file, name)}: "${word}" in ${name.getText(file.syntax)} names no concept`]
      }),
    ]
  })
}

const emptyWord = (name: string) => wordsOf(name).find((word) => emptyWords.has(word))

function isExported(statement: Node): boolean {
  let found = false
  statement.forEachChild((child) => {
    if (child.kind === SyntaxKind.ExportKeyword) found = true
  })
  return found
}

/** The identifiers that a statement declares at its top: those of a variable list, else its first one. */
function declaredNames(statement: Node): readonly Node[] {
  const names: Node[] = []
  if (isVariableStatement(statement)) {
    for (const declaration of statement.declarationList.declarations) names.push(declaration.name)
    return names
  }
  walk(statement, (node) => {
    if (isIdentifier(node)) names.push(node)
  })
  return names.slice(0, 1)
}

if (import.meta.main) {
  const texts = readSources(join(import.meta.dirname, '..'), ['src', 'tools', 'bench', 'fuzz', 'e2e'])
  const problems = withParsed(texts, checkWords)
  for (const problem of problems) process.stdout.write(`${problem}\n`)
  if (problems.length > 0) process.exitCode = 1
}
