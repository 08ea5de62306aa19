import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Node, SourceFile } from 'typescript/unstable/ast'
import {
  isCallExpression,
  isExportDeclaration,
  isImportDeclaration,
  isImportTypeNode,
  isStringLiteral,
} from 'typescript/unstable/ast/is'
import { SyntaxKind } from 'typescript/unstable/ast'
import { createVirtualFileSystem, type FileSystem } from 'typescript/unstable/fs'
import { API } from 'typescript/unstable/sync'

/** Text of source files by path from the root of the clone, with `/` between folders. */
export type SourceTexts = Readonly<Record<string, string>>

/** One parsed file. */
export interface ParsedFile {
  readonly path: string
  readonly text: string
  readonly syntax: SourceFile
}

/** One import, export-from, dynamic import or import type. */
export interface ImportSite {
  readonly specifier: string
  /** Counted from 1. */
  readonly line: number
}

/** Reads every hand-written TypeScript file below the folders; generated code is left out. */
export function readSources(root: string, folders: readonly string[]): SourceTexts {
  const patterns = folders.map((folder) => `${folder}/**/*.ts`)
  const paths = globSync(patterns, { cwd: root }).filter((path) => !path.split('/').includes('gen'))
  return Object.fromEntries(paths.sort().map((path) => [path, readFileSync(join(root, path), 'utf8')]))
}

/** The compiler of this process, as every start of one costs 100 ms, and the files that it sees now. */
let compiler: API | undefined
let visible: FileSystem = {}
let trees = 0

/** Parses the files, without types and without following imports, and hands them over; the trees live until it returns. */
export function withParsed<T>(texts: SourceTexts, use: (files: readonly ParsedFile[]) => T): T {
  const paths = Object.keys(texts)
  const folder = `/tree${trees++}`
  const config = { compilerOptions: { noLib: true, noResolve: true, types: [] }, files: paths }
  const entries = paths.map((path): [string, string] => [`${folder}/${path}`, texts[path] ?? ''])
  const files = { ...Object.fromEntries(entries), [`${folder}/tsconfig.json`]: JSON.stringify(config) }
  const snapshot = startCompiler(files).updateSnapshot({ openProject: `${folder}/tsconfig.json` })
  try {
    const program = snapshot.getProject(`${folder}/tsconfig.json`)?.program
    return use(
      paths.flatMap((path) => {
        const syntax = program?.getSourceFile(`${folder}/${path}`)
        return syntax === undefined ? [] : [{ path, text: texts[path] ?? '', syntax }]
      }),
    )
  } finally {
    snapshot.dispose()
  }
}

/** Replaces what the compiler sees. It ends with this process. */
function startCompiler(files: Readonly<Record<string, string>>): API {
  visible = createVirtualFileSystem({ ...files })
  compiler ??= new API({
    cwd: '/',
    fs: {
      readFile: (path) => visible.readFile?.(path),
      fileExists: (path) => visible.fileExists?.(path),
      directoryExists: (path) => visible.directoryExists?.(path),
      getAccessibleEntries: (path) => visible.getAccessibleEntries?.(path),
    },
  })
  return compiler
}

/** Calls `visit` for the node and everything below it, parents first. */
export function walk(node: Node, visit: (node: Node) => void): void {
  visit(node)
  node.forEachChild((child) => walk(child, visit))
}

/** Line of a node's first character, counted from 1. */
export function lineOf(file: ParsedFile, node: Node): number {
  return file.text.slice(0, node.getStart(file.syntax)).split('\n').length
}

/** Every import of a file, in order. */
export function importsOf(file: ParsedFile): readonly ImportSite[] {
  const sites: ImportSite[] = []
  walk(file.syntax, (node) => {
    const target = targetOf(node)
    if (target !== undefined && isStringLiteral(target))
      sites.push({ specifier: target.text, line: lineOf(file, node) })
  })
  return sites
}

function targetOf(node: Node): Node | undefined {
  if (isImportDeclaration(node) || isExportDeclaration(node)) return node.moduleSpecifier
  if (isCallExpression(node) && node.expression.kind === SyntaxKind.ImportKeyword) return node.arguments[0]
  if (isImportTypeNode(node)) {
    let literal: Node | undefined
    node.argument.forEachChild((child) => {
      literal = child
    })
    return literal
  }
  return undefined
}
