import { basename, dirname, normalize, resolve, sep } from 'node:path'
import { performance } from 'node:perf_hooks'
import { parsePath } from '../api/field-path.ts'
import type { KubernetesObject } from '../api/kinds.ts'
import type { ParseOptions } from '../api/parse.ts'
import { structuralEqual } from '../lib/equal.ts'
import type { ObjectRef } from '../lib/object-ref.ts'
import { compareDiagnostics, type Diagnostic } from './diagnostic.ts'
import { DirectoryWatch, type WatchEvent } from './directory-watch.ts'
import { isManifest, listDirectory, lookAt } from './file-scan.ts'
import { FieldPlaces } from './field-places.ts'
import { describeKept, FileTable } from './file-table.ts'
import { type PendingPath, PendingPaths } from './pending-paths.ts'
import type { Position } from './yaml-documents.ts'

/** An object and where it stands. `file`, `document` and `position` follow the object when its file is edited. */
export interface SourcedObject {
  readonly object: KubernetesObject
  readonly ref: ObjectRef
  readonly file: string
  /** Index of its document in the file. */
  readonly document: number
  /** Place of a field, or of its nearest ancestor that is there. Reads the file anew. */
  position(fieldPath: string): Position
}

/** What changed since the last call. */
export interface FileChange {
  readonly upserts: readonly SourcedObject[]
  readonly deletes: readonly ObjectRef[]
  /** All there are now, by file and place. */
  readonly diagnostics: readonly Diagnostic[]
}

/** What to read and whom to tell. */
export interface FileSourceOptions extends Omit<ParseOptions, 'onWarning' | 'oldObject'> {
  /** Files and folders. A folder is read with all below it: `.yaml`, `.yml` and `.json`, names with a dot left out. */
  readonly paths: readonly string[]
  onChange(change: FileChange): void
}

/** A file is read once its size and times have not changed for this long. */
const restMs = 2
/** What looks half-written (no valid YAML, objects gone, file gone) is taken after this long at the earliest. */
const holdMs = 100
/** What is there and cannot be read is tried again after this long. */
const retryMs = 1_000
/** After this much work the event loop gets its turn. */
const sliceMs = 8
/** After so many changes at once the kernel may have dropped some: everything is looked at again. */
const burstPaths = 2_000

/**
 * Objects from files. `load` reads all once; `watch` then follows edits: only touched files are read, only changed objects
 * are told, and what a broken edit would take away stays as it was. So does everything of a path that was given and is gone.
 */
export class FileSource {
  readonly #options: FileSourceOptions
  readonly #roots: readonly string[]
  readonly #table: FileTable
  readonly #watch: DirectoryWatch
  readonly #pending = new PendingPaths()
  readonly #directories = new Map<string, number>()
  readonly #places = new FieldPlaces()
  readonly #rootDiagnostics = new Map<string, Diagnostic>()
  #queue: PendingPath[] = []
  #diagnostics: readonly Diagnostic[] = []
  #timer: NodeJS.Timeout | undefined
  #immediate: NodeJS.Immediate | undefined
  #isWatching = false
  #wasBurst = false

  constructor(options: FileSourceOptions) {
    this.#options = options
    this.#roots = distinctRoots(options.paths)
    this.#table = new FileTable(options)
    this.#watch = new DirectoryWatch((event) => this.#onEvent(event))
  }

  /** Reads everything and tells it in one change, also when there is nothing. */
  load(): void {
    for (const path of this.#scanRoots()) this.#readNow(path)
    this.#publish(true)
  }

  /** Follows edits from now on, those since `load` included. */
  watch(): void {
    this.#isWatching = true
    this.#rescan()
  }

  /** Tells nothing any more. */
  close(): Promise<void> {
    this.#isWatching = false
    clearTimeout(this.#timer)
    clearImmediate(this.#immediate)
    this.#watch.close()
    return Promise.resolve()
  }

  /** Finds all files and directories below the roots; new directories are watched. */
  #scanRoots(): readonly string[] {
    const found: string[] = []
    this.#directories.clear()
    this.#rootDiagnostics.clear()
    this.#roots.forEach((root, rank) => {
      const state = lookAt(root)
      this.#watchAnchor(root)
      if (state.kind === 'directory') found.push(...this.#scanDirectory(root, rank))
      else if (state.kind !== 'missing') found.push(root)
      else if (this.#table.get(root)?.isMissing !== false) this.#noteMissing(root)
    })
    return found
  }

  #scanDirectory(directory: string, rank: number): readonly string[] {
    const listing = listDirectory(directory)
    for (const path of listing.directories) {
      if (!this.#directories.has(path)) this.#directories.set(path, rank)
      if (this.#isWatching) this.#watch.add(path)
    }
    for (const { path, problem } of listing.problems) {
      this.#rootDiagnostics.set(path, { severity: 'error', file: path, line: 1, column: 1, ...problem })
    }
    return listing.files
  }

  /** Watches what holds the root, so that it is noticed when the root comes, goes or is replaced. */
  #watchAnchor(root: string): void {
    if (!this.#isWatching) return
    let anchor = dirname(root)
    while (lookAt(anchor).kind !== 'directory' && dirname(anchor) !== anchor) anchor = dirname(anchor)
    this.#watch.add(anchor)
  }

  #noteMissing(root: string): void {
    const objects = this.#table.objectsOf(this.#roots.indexOf(root))
    const message = `there is no such file or folder${objects === 0 ? '' : ` (${describeKept(objects)})`}`
    const remedy = objects === 0 ? 'create it or correct the path' : 'put it back; empty, it takes its objects away'
    this.#rootDiagnostics.set(root, {
      severity: 'error',
      file: root,
      line: 1,
      column: 1,
      reason: 'NotFound',
      message,
      remedy,
    })
  }

  #readNow(path: string): void {
    const state = lookAt(path)
    const signature = state.kind === 'file' ? state.signature : undefined
    this.#table.take(path, this.#rankOf(path), this.#table.read(path), signature)
  }

  #rankOf(path: string): number {
    const asRoot = this.#roots.indexOf(path)
    return asRoot >= 0 ? asRoot : (this.#directories.get(dirname(path)) ?? this.#roots.length)
  }

  #onEvent(event: WatchEvent): void {
    if (event.kind === 'failed') {
      this.#noteUnwatched(event.path, event.error)
    } else if (event.kind === 'directory') {
      this.#pending.touch(event.path, performance.now())
    } else if (basename(event.path) === '..data') {
      // A ConfigMap volume: all its files are links through this one, which was just replaced.
      this.#pending.touch(dirname(event.path), performance.now())
    } else if (this.#isRelevant(event.path)) {
      this.#pending.touch(event.path, performance.now())
    }
    this.#schedule()
  }

  #isRelevant(path: string): boolean {
    if (this.#table.get(path) !== undefined || this.#directories.has(path)) return true
    if (this.#roots.some((root) => root === path || root.startsWith(`${path}${sep}`))) return true
    if (!this.#directories.has(dirname(path)) || basename(path).startsWith('.')) return false
    return isManifest(path) || lookAt(path).kind === 'directory'
  }

  #noteUnwatched(path: string, error: Error): void {
    if (lookAt(path).kind === 'missing') return
    const message = `edits in this folder are not seen: ${error.message}`
    const remedy = 'raise fs.inotify.max_user_watches and max_user_instances, then start again'
    const reason = 'CannotWatch'
    this.#rootDiagnostics.set(path, { severity: 'warning', file: path, line: 1, column: 1, reason, message, remedy })
    this.#publishSoon()
  }

  #schedule(): void {
    const nextAtMs = this.#pending.nextAtMs()
    clearTimeout(this.#timer)
    if (!this.#isWatching || nextAtMs === undefined || this.#queue.length > 0) return
    this.#timer = setTimeout(() => this.#check(), Math.max(0, nextAtMs - performance.now()))
  }

  /** Looks at the due paths, a slice at a time, and tells the outcome of all of them at once. */
  #check(): void {
    const startMs = performance.now()
    if (this.#queue.length === 0) this.#queue = [...this.#pending.due(startMs)].reverse()
    if (this.#queue.length > burstPaths) this.#wasBurst = true
    for (let pending = this.#queue.pop(); pending !== undefined; pending = this.#queue.pop()) {
      this.#examine(pending)
      if (performance.now() - startMs < sliceMs || this.#queue.length === 0) continue
      this.#immediate = setImmediate(() => this.#check())
      return
    }
    this.#publish(false)
    if (this.#wasBurst && this.#pending.size === 0) {
      this.#wasBurst = false
      this.#rescan()
    }
    this.#schedule()
  }

  #examine(pending: PendingPath): void {
    const { path } = pending
    const state = lookAt(path)
    if (state.kind === 'directory' && this.#table.get(path) !== undefined) {
      this.#examineReplaced(pending)
    } else if (state.kind === 'directory' || this.#roots.some((root) => root.startsWith(`${path}${sep}`))) {
      this.#pending.done(path)
      this.#watch.remove(path)
      this.#rescan()
    } else if (state.kind === 'missing') {
      this.#examineMissing(pending)
    } else if (state.kind === 'unreadable') {
      this.#pending.done(path)
      this.#readNow(path)
    } else if (state.signature !== pending.signature) {
      pending.signature = state.signature
      pending.dueAtMs = performance.now() + restMs
    } else {
      this.#takeRested(pending)
    }
  }

  /** A file that rests: taken, unless it may be half-written and that may still change. */
  #takeRested(pending: PendingPath): void {
    const { path, signature } = pending
    const reading = this.#table.read(path)
    const isUnparsable = reading.kind === 'parsed' && reading.parsed.isUnparsable
    if ((isUnparsable || this.#table.losesObjects(path, reading)) && this.#mustHold(pending)) return
    this.#rootDiagnostics.delete(path)
    this.#table.take(path, this.#rankOf(path), reading, signature)
    // No event tells that files can be opened again, or a disk be read.
    if (reading.kind === 'failed' && reading.problem.reason === 'Unreadable')
      pending.dueAtMs = performance.now() + retryMs
    else this.#pending.done(path)
  }

  /** A folder in the place of a file: what is in the folder is found before what the file had is let go. */
  #examineReplaced(pending: PendingPath): void {
    const { path } = pending
    if (pending.heldSinceMs === undefined) this.#rescan()
    this.#table.miss(path)
    if (this.#mustHold(pending)) return
    this.#pending.done(path)
    this.#table.drop(path)
  }

  #examineMissing(pending: PendingPath): void {
    const { path } = pending
    const file = this.#table.get(path)
    if (file === undefined) {
      this.#forgetDirectory(path)
      this.#pending.done(path)
      if (this.#roots.includes(path)) this.#noteMissing(path)
      return
    }
    this.#table.miss(path)
    if (this.#mustHold(pending)) return
    this.#pending.done(path)
    const root = this.#roots[file.root]
    // What was named is to be there: that it is gone is a fault, and no edit that takes everything away.
    if (root !== undefined && lookAt(root).kind === 'missing') this.#noteMissing(root)
    else this.#table.drop(path)
  }

  /** For paths that are no file of ours: it looks at all files, which a thousand deleted ones must not do each. */
  #forgetDirectory(path: string): void {
    const below = `${path}${sep}`
    for (const directory of [...this.#directories.keys()]) {
      if (directory !== path && !directory.startsWith(below)) continue
      this.#directories.delete(directory)
      this.#watch.remove(directory)
    }
    const nowMs = performance.now()
    for (const file of this.#table.paths()) if (file.startsWith(below)) this.#pending.touch(file, nowMs)
  }

  /** Whether to wait: the first time a path is in doubt and until it has been for long enough. */
  #mustHold(pending: PendingPath): boolean {
    const nowMs = performance.now()
    pending.heldSinceMs ??= nowMs
    if (nowMs - pending.heldSinceMs >= holdMs) return false
    pending.dueAtMs = pending.heldSinceMs + holdMs
    return true
  }

  /** Lists everything again; files that differ from what was read are looked at. */
  #rescan(): void {
    const nowMs = performance.now()
    const found = new Set(this.#scanRoots())
    for (const path of found) {
      const state = lookAt(path)
      const known = this.#table.get(path)
      const isSame = state.kind === 'file' && known?.signature === state.signature && !known.isMissing
      if (!isSame) this.#pending.touch(path, nowMs)
    }
    for (const path of this.#table.paths()) {
      if (!found.has(path)) this.#pending.touch(path, nowMs)
    }
    this.#publishSoon()
    this.#schedule()
  }

  #publishSoon(): void {
    if (this.#isWatching) setImmediate(() => this.#isWatching && this.#publish(false))
  }

  #publish(isAlways: boolean): void {
    const { upserts, deletes } = this.#table.commit()
    const diagnostics = [...this.#table.diagnostics(), ...this.#rootDiagnostics.values()].sort(compareDiagnostics)
    const isNews = !structuralEqual(diagnostics, this.#diagnostics)
    if (isNews) this.#diagnostics = diagnostics
    if (!isAlways && !isNews && upserts.length === 0 && deletes.length === 0) return
    const sourced = upserts.map(({ ref, object, claim }) => this.#sourced(ref, object, claim.file.path))
    this.#options.onChange({ upserts: sourced, deletes, diagnostics: this.#diagnostics })
  }

  #sourced(ref: ObjectRef, object: KubernetesObject, firstFile: string): SourcedObject {
    const entryOf = () => this.#table.entryOf(ref)
    const position = (fieldPath: string) => this.#position(ref, fieldPath)
    return {
      object,
      ref,
      get file() {
        return entryOf()?.file.path ?? firstFile
      },
      get document() {
        return entryOf()?.entry.document ?? 0
      },
      position,
    }
  }

  #position(ref: ObjectRef, fieldPath: string): Position {
    const found = this.#table.entryOf(ref)
    if (found === undefined) return { line: 1, column: 1 }
    const { file, entry } = found
    const state = lookAt(file.path)
    const isSame = state.kind === 'file' && state.signature === file.signature
    const content = isSame ? { path: file.path, signature: state.signature } : undefined
    return (content && this.#places.find(content, entry, parsePath(fieldPath))) ?? entry.start
  }
}

/** The paths as they were given, each place once. */
function distinctRoots(paths: readonly string[]): readonly string[] {
  const byPlace = new Map<string, string>()
  for (const path of paths) {
    const normal = normalize(path)
    const root = normal.length > 1 && normal.endsWith(sep) ? normal.slice(0, -1) : normal
    if (!byPlace.has(resolve(root))) byPlace.set(resolve(root), root)
  }
  return [...byPlace.values()]
}
