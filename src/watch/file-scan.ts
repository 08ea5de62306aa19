/** Looks at files: what is there, and its text. The only place of the file source that reads the file system. */
import { isUtf8 } from 'node:buffer'
import { type Dirent, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { err, ok, type Result } from '../lib/result.ts'
import { compareBy } from '../lib/sorted.ts'
import type { FileReason } from './diagnostic.ts'

/** Larger files are refused: they are a mistake, and parsing them would stop everything else. */
export const maxFileBytes = 16 * 1024 * 1024

const extensions: ReadonlySet<string> = new Set(['.yaml', '.yml', '.json'])
const maxDepth = 32

/** Why a file has no text. */
export interface FileProblem {
  readonly reason: FileReason
  readonly message: string
  readonly remedy: string
}

/** What a path is now. `signature` changes whenever the file may have changed. */
export type PathState =
  | { readonly kind: 'file'; readonly signature: string; readonly bytes: number }
  | { readonly kind: 'directory' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreadable'; readonly problem: FileProblem }

/** Looks at a path; follows symbolic links. */
export function lookAt(path: string): PathState {
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
    if (stat === undefined) return { kind: 'missing' }
    if (stat.isDirectory()) return { kind: 'directory' }
    if (!stat.isFile()) return { kind: 'unreadable', problem: unreadable('is no regular file', 'remove it') }
    const signature = `${stat.ino}.${stat.size}.${stat.mtimeNs}.${stat.ctimeNs}`
    return { kind: 'file', signature, bytes: Number(stat.size) }
  } catch (error) {
    if (isMissing(error)) return { kind: 'missing' }
    return { kind: 'unreadable', problem: explainError(error) }
  }
}

/** The text of a file. */
export function readText(path: string): Result<string, FileProblem> {
  const state = lookAt(path)
  if (state.kind === 'unreadable') return err(state.problem)
  if (state.kind === 'file' && state.bytes > maxFileBytes) {
    const message = `the file has ${state.bytes} bytes, ${maxFileBytes} are allowed`
    return err({ reason: 'FileTooLarge', message, remedy: 'split it, or keep it out of the folder' })
  }
  try {
    const bytes = readFileSync(path)
    if (isUtf8(bytes)) return ok(bytes.toString('utf8'))
    return err({ reason: 'NotUtf8', message: 'the file is not UTF-8 text', remedy: 'save it as UTF-8' })
  } catch (error) {
    return err(explainError(error))
  }
}

/** What is below a directory. */
export interface Listing {
  /** Files with a known extension, in order. */
  readonly files: readonly string[]
  /** The directory itself and those below. */
  readonly directories: readonly string[]
  readonly problems: readonly { readonly path: string; readonly problem: FileProblem }[]
}

/** Lists a directory and all below it; names that begin with a dot are left out, links that lead in circles too. */
export function listDirectory(root: string): Listing {
  const lister = new Lister()
  lister.list(root, [])
  return lister
}

class Lister implements Listing {
  readonly files: string[] = []
  readonly directories: string[] = []
  readonly problems: { readonly path: string; readonly problem: FileProblem }[] = []

  /** `above`: real paths of the directories that led here. */
  list(directory: string, above: readonly string[]): void {
    const content = this.#read(directory)
    if (content === undefined || above.includes(content.real) || above.length >= maxDepth) return
    this.directories.push(directory)
    for (const entry of content.entries) {
      if (entry.name.startsWith('.')) continue
      const path = join(directory, entry.name)
      const kind = entry.isSymbolicLink() ? lookAt(path).kind : entry.isDirectory() ? 'directory' : 'file'
      if (kind === 'directory') this.list(path, [...above, content.real])
      else if (kind !== 'missing' && isManifest(path)) this.files.push(path)
    }
  }

  #read(directory: string): { readonly real: string; readonly entries: readonly Dirent[] } | undefined {
    try {
      const entries = readdirSync(directory, { withFileTypes: true })
      return { real: realpathSync(directory), entries: entries.sort(compareBy((entry) => entry.name)) }
    } catch (error) {
      if (!isMissing(error)) this.problems.push({ path: directory, problem: explainError(error) })
      return undefined
    }
  }
}

/** Whether a path below a watched directory is a file that we read. */
export function isManifest(path: string): boolean {
  return extensions.has(extname(path).toLowerCase()) && !basename(path).startsWith('.')
}

function isMissing(error: unknown): boolean {
  const code = errorCode(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

function explainError(error: unknown): FileProblem {
  const code = errorCode(error)
  if (code === 'EACCES' || code === 'EPERM') return unreadable('may not be read', 'give this user the right to read it')
  if (code === 'ELOOP') return unreadable('is a link that leads in a circle', 'correct the link')
  if (code === 'EMFILE' || code === 'ENFILE') {
    return unreadable('cannot be opened: too many files are open', 'raise the limit of open files (ulimit -n)')
  }
  return unreadable(
    `cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    'see to the file system',
  )
}

function unreadable(message: string, remedy: string): FileProblem {
  return { reason: 'Unreadable', message, remedy }
}
