/** The files and the objects they give: what to keep of a file that broke, what to say about it. */
import type { ParseOptions } from '../api/parse.ts'
import type { ObjectKey, ObjectRef } from '../lib/object-ref.ts'
import { objectKey } from '../lib/object-ref.ts'
import { compareDiagnostics, type Diagnostic } from './diagnostic.ts'
import { type FileProblem, readText } from './file-scan.ts'
import { ObjectTable, type TableChange, type TableFile } from './object-table.ts'
import { type FileEntry, type ParsedFile, parseFile } from './parse-file.ts'

/** A file that was read. */
export interface KnownFile extends TableFile {
  isMissing: boolean
  /** Of the content that was taken last; undefined when it could not be read. */
  signature: string | undefined
  entries: readonly FileEntry[]
  diagnostics: readonly Diagnostic[]
}

/** What reading a file gave, before it is taken. */
export type Reading =
  | { readonly kind: 'parsed'; readonly parsed: ParsedFile }
  | { readonly kind: 'failed'; readonly problem: FileProblem }

/** All files by path, and the table of their objects. */
export class FileTable {
  readonly #options: ParseOptions
  readonly #files = new Map<string, KnownFile>()
  readonly #objects = new ObjectTable()
  readonly #withDiagnostics = new Set<KnownFile>()

  constructor(options: ParseOptions) {
    this.#options = options
  }

  /** The file at the path. */
  get(path: string): KnownFile | undefined {
    return this.#files.get(path)
  }

  /** Paths of all files. */
  paths(): readonly string[] {
    return [...this.#files.keys()]
  }

  /** Objects that the files of a root have given. */
  objectsOf(root: number): number {
    let objects = 0
    for (const file of this.#files.values()) if (file.root === root) objects += file.entries.length
    return objects
  }

  /** Reads a file without taking it. */
  read(path: string): Reading {
    const text = readText(path)
    if (!text.ok) return { kind: 'failed', problem: text.error }
    const parsed = parseFile(text.value, path, this.#options, (key) => this.#objects.get(key)?.object)
    return { kind: 'parsed', parsed }
  }

  /** True when objects that the file had are not in this reading: then it may be half-written. */
  losesObjects(path: string, reading: Reading): boolean {
    const file = this.#files.get(path)
    if (file === undefined || reading.kind !== 'parsed') return false
    const { entries, brokenKeys } = reading.parsed
    const found = new Set<ObjectKey>([...entries.map((entry) => entry.key), ...brokenKeys])
    return file.entries.some((entry) => !found.has(entry.key))
  }

  /** Takes what was read. */
  take(path: string, root: number, reading: Reading, signature: string | undefined): void {
    const file = this.#files.get(path) ?? this.#add(path, root)
    file.isMissing = false
    file.signature = signature
    if (reading.kind === 'failed') {
      this.#setDiagnostics(file, [fileDiagnostic(path, reading.problem, file.entries.length)])
      this.#objects.touchFile(file)
      return
    }
    const entries = keepLastGood(file.entries, reading.parsed)
    this.#setDiagnostics(file, explainKept(reading.parsed, entries))
    file.entries = entries
    this.#objects.setFile(file, entries)
  }

  /** The file is gone but may come back at once: its objects stay while no other file has them. */
  miss(path: string): void {
    const file = this.#files.get(path)
    if (file === undefined || file.isMissing) return
    file.isMissing = true
    this.#objects.touchFile(file)
  }

  /** The file is gone for good. */
  drop(path: string): void {
    const file = this.#files.get(path)
    if (file === undefined) return
    this.#objects.setFile(file, [])
    this.#files.delete(path)
    this.#withDiagnostics.delete(file)
  }

  /** The changes since the last call. */
  commit(): TableChange {
    return this.#objects.commit()
  }

  /** All diagnostics of the files, in order. */
  diagnostics(): readonly Diagnostic[] {
    const ofFiles = [...this.#withDiagnostics].flatMap((file) => file.diagnostics)
    return [...ofFiles, ...this.#objects.duplicates()].sort(compareDiagnostics)
  }

  /** Where the object that counts stands now. */
  entryOf(ref: ObjectRef): { readonly file: KnownFile; readonly entry: FileEntry } | undefined {
    const claim = this.#objects.get(objectKey(ref))?.claim
    const file = claim === undefined ? undefined : this.#files.get(claim.file.path)
    return claim === undefined || file === undefined ? undefined : { file, entry: claim.entry }
  }

  #add(path: string, root: number): KnownFile {
    const file: KnownFile = {
      path,
      root,
      isMissing: false,
      signature: undefined,
      entries: [],
      diagnostics: [],
    }
    this.#files.set(path, file)
    return file
  }

  #setDiagnostics(file: KnownFile, diagnostics: readonly Diagnostic[]): void {
    file.diagnostics = diagnostics
    if (diagnostics.length > 0) this.#withDiagnostics.add(file)
    else this.#withDiagnostics.delete(file)
  }
}

/**
 * The objects of a file after an edit. An object whose edit is broken stays as it was. All that were there stay when the
 * syntax is broken, and those that are missing stay when something broken does not say what it is: it may be they.
 */
function keepLastGood(before: readonly FileEntry[], parsed: ParsedFile): readonly FileEntry[] {
  if (before.length === 0) return parsed.entries
  if (parsed.isUnparsable) return before.map(withoutSlice)
  const known = new Set(before.map((entry) => entry.key))
  const isRenamed = [...parsed.brokenKeys].some((key) => !known.has(key))
  const found = new Set(parsed.entries.map((entry) => entry.key))
  const kept = before.filter(({ key }) => {
    if (found.has(key)) return false
    return parsed.brokenKeys.has(key) || parsed.hasNameless || isRenamed
  })
  return [...parsed.entries, ...kept.map(withoutSlice)]
}

/** The text that the entry was read from is gone. */
function withoutSlice(entry: FileEntry): FileEntry {
  return { ...entry, slice: undefined }
}

function explainKept(parsed: ParsedFile, entries: readonly FileEntry[]): readonly Diagnostic[] {
  const kept = new Set(entries.filter((entry) => entry.slice === undefined).map((entry) => entry.key))
  if (kept.size === 0) return parsed.diagnostics
  return parsed.diagnostics.map((diagnostic) => {
    const { object, severity, reason } = diagnostic
    if (severity !== 'error') return diagnostic
    const isKept = object !== undefined && kept.has(objectKey(object))
    if (!isKept && reason !== 'InvalidYaml' && object !== undefined) return diagnostic
    const what = isKept ? 'its last good version keeps serving' : describeKept(kept.size)
    return { ...diagnostic, message: `${diagnostic.message} (${what})` }
  })
}

/** What is said of objects that stay as they were. */
export function describeKept(objects: number): string {
  return objects === 1
    ? 'the object of the last good version keeps serving'
    : `the ${objects} objects of the last good version keep serving`
}

function fileDiagnostic(file: string, problem: FileProblem, keptObjects: number): Diagnostic {
  const { reason, message, remedy } = problem
  const kept = keptObjects === 0 ? '' : ` (${describeKept(keptObjects)})`
  return { severity: 'error', file, line: 1, column: 1, reason, message: `${message}${kept}`, remedy }
}
