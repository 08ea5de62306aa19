/** Which of the objects in the files count, and what changed: no file system, no clock. */
import { gatewayApiGroup } from '../api/gen/schemas.ts'
import type { KubernetesObject } from '../api/kinds.ts'
import { structuralEqual } from '../lib/equal.ts'
import { describeObject, type ObjectKey, type ObjectRef } from '../lib/object-ref.ts'
import { compareNumbers, compareStrings } from '../lib/sorted.ts'
import type { Diagnostic } from './diagnostic.ts'
import type { FileEntry } from './parse-file.ts'

/** A file as the table sees it. */
export interface TableFile {
  readonly path: string
  /** Rank of the root that it was found under. */
  readonly root: number
  /** True while the file is gone but may come back at once: its objects yield to those of other files. */
  readonly isMissing: boolean
}

/** An object's place in a file. */
export interface Claim {
  readonly file: TableFile
  readonly entry: FileEntry
}

/** An object that counts, and its place. */
export interface Published {
  readonly ref: ObjectRef
  readonly object: KubernetesObject
  readonly claim: Claim
}

/** What an update did to the objects that count. */
export interface TableChange {
  readonly upserts: readonly Published[]
  readonly deletes: readonly ObjectRef[]
}

/**
 * The objects of all files. Where two define one object the first counts, by file and then by position; the other takes
 * its place when it goes. An object that did not change keeps its identity.
 */
export class ObjectTable {
  readonly #claims = new Map<ObjectKey, readonly Claim[]>()
  readonly #keysByFile = new Map<TableFile, ReadonlySet<ObjectKey>>()
  readonly #published = new Map<ObjectKey, Published>()
  readonly #contested = new Set<ObjectKey>()
  readonly #touched = new Set<ObjectKey>()

  /** The entries that a file has now; none when it is gone. Takes effect at the next `commit`. */
  setFile(file: TableFile, entries: readonly FileEntry[]): void {
    for (const key of this.#keysByFile.get(file) ?? []) {
      const others = (this.#claims.get(key) ?? []).filter((claim) => claim.file !== file)
      if (others.length === 0) this.#claims.delete(key)
      else this.#claims.set(key, others)
      this.#touched.add(key)
    }
    for (const entry of entries) {
      this.#claims.set(entry.key, [...(this.#claims.get(entry.key) ?? []), { file, entry }])
      this.#touched.add(entry.key)
    }
    if (entries.length === 0) this.#keysByFile.delete(file)
    else this.#keysByFile.set(file, new Set(entries.map((entry) => entry.key)))
  }

  /** To be called when `isMissing` of a file changed. */
  touchFile(file: TableFile): void {
    for (const key of this.#keysByFile.get(file) ?? []) this.#touched.add(key)
  }

  /** Decides the touched objects anew. */
  commit(): TableChange {
    const upserts: Published[] = []
    const deletes: ObjectRef[] = []
    for (const key of this.#touched) {
      const claims = [...(this.#claims.get(key) ?? [])].sort(compareClaims)
      if (claims.filter((claim) => !claim.file.isMissing).length > 1) this.#contested.add(key)
      else this.#contested.delete(key)
      const before = this.#published.get(key)
      const winner = pickWinner(claims, before?.claim.file)
      if (winner === undefined) {
        this.#published.delete(key)
        if (before !== undefined) deletes.push(before.ref)
        continue
      }
      const object = nextObject(winner.entry, before?.object)
      const published: Published = { ref: before?.ref ?? winner.entry.ref, object, claim: winner }
      this.#published.set(key, published)
      if (object !== before?.object) upserts.push(published)
    }
    this.#touched.clear()
    return { upserts, deletes }
  }

  /** The object that counts. */
  get(key: ObjectKey): Published | undefined {
    return this.#published.get(key)
  }

  /** One diagnostic for each object that does not count because another of its name comes first. */
  duplicates(): readonly Diagnostic[] {
    return [...this.#contested].flatMap((key) => {
      const claims = (this.#claims.get(key) ?? []).filter((claim) => !claim.file.isMissing)
      const [winner, ...losers] = [...claims].sort(compareClaims)
      return winner === undefined ? [] : losers.map((loser) => duplicate(winner, loser))
    })
  }
}

/** The first claim of a file that is there; else that of the file whose object counted so far. */
function pickWinner(claims: readonly Claim[], current: TableFile | undefined): Claim | undefined {
  const first = claims[0]
  if (first === undefined || !first.file.isMissing) return first
  return claims.find((claim) => claim.file === current) ?? first
}

function compareClaims(a: Claim, b: Claim): number {
  return (
    Number(a.file.isMissing) - Number(b.file.isMissing) ||
    compareNumbers(a.file.root, b.file.root) ||
    compareStrings(a.file.path, b.file.path) ||
    compareNumbers(a.entry.start.line, b.entry.start.line) ||
    compareNumbers(a.entry.start.column, b.entry.start.column)
  )
}

function duplicate(winner: Claim, loser: Claim): Diagnostic {
  const { ref, start } = loser.entry
  const first = `${winner.file.path}:${winner.entry.start.line}`
  return {
    severity: 'error',
    file: loser.file.path,
    ...start,
    object: ref,
    reason: 'DuplicateObject',
    message: `${describeObject(ref)} is defined in ${first} already; that one counts, this one is ignored`,
    remedy: 'remove or rename one of them',
  }
}

/** The object with its generation; the former object itself when nothing changed. */
function nextObject(entry: FileEntry, before: KubernetesObject | undefined): KubernetesObject {
  const { object } = entry
  if (entry.ref.group !== gatewayApiGroup) {
    return before !== undefined && structuralEqual(before, object) ? before : object
  }
  const generation = nextGeneration(object, before)
  const metadata = { ...object.metadata, generation }
  const next: KubernetesObject = { ...object, metadata }
  return before !== undefined && structuralEqual(before, next) ? before : next
}

/** 1 at first, one more with every change of `spec`; a generation written in the file counts when it is higher. */
function nextGeneration(object: KubernetesObject, before: KubernetesObject | undefined): number {
  const given = object.metadata.generation
  if (before === undefined) return Math.max(given, 1)
  const isSame = structuralEqual(specOf(before), specOf(object))
  return Math.max(given, before.metadata.generation + (isSame ? 0 : 1))
}

function specOf(object: KubernetesObject): unknown {
  return 'spec' in object ? object.spec : undefined
}
