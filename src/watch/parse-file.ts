/** The objects of one file's text. Pure: the file system is not touched. */
import type { PathSegment } from '../api/field-path.ts'
import { parsePath } from '../api/field-path.ts'
import { findKind, type KubernetesObject } from '../api/kinds.ts'
import { type ParseOptions, parseObject } from '../api/parse.ts'
import type { ParseProblem } from '../api/parse-problem.ts'
import { type ObjectKey, type ObjectRef, objectKey } from '../lib/object-ref.ts'
import type { Diagnostic } from './diagnostic.ts'
import { type Position, readYaml, type Slice, type YamlDocument } from './yaml-documents.ts'

/** An object and where it stands. */
export interface FileEntry {
  readonly key: ObjectKey
  readonly ref: ObjectRef
  readonly object: KubernetesObject
  /** Index of its document in the file. */
  readonly document: number
  /** Steps from the document to the object: into the items of a List, or none. */
  readonly base: readonly PathSegment[]
  readonly start: Position
  /** The document's part of the text; undefined when the text has been replaced by a broken one. */
  readonly slice: Slice | undefined
}

/** What a text holds. */
export interface ParsedFile {
  readonly entries: readonly FileEntry[]
  readonly diagnostics: readonly Diagnostic[]
  /** Keys of the objects that are there but broken, where the text still tells what they are. */
  readonly brokenKeys: ReadonlySet<ObjectKey>
  /** True when the syntax is broken: then an edit may still be going on. */
  readonly isUnparsable: boolean
  /** True when something broken does not tell which object it is: any object that is missing now may be it. */
  readonly hasNameless: boolean
}

/** Errors, and warnings, of one file that are listed. Each costs to find its place, and nobody reads the rest. */
const maxListed = 1_000

/** Finds the object that the one of that key replaces. */
export type FindOld = (key: ObjectKey) => KubernetesObject | undefined

/** Parses the text of a file; `file` is its name in diagnostics. By default the objects replace none. */
export function parseFile(
  text: string,
  file: string,
  options: ParseOptions,
  findOld: FindOld = () => undefined,
): ParsedFile {
  const reader = new FileReader(file, options, findOld)
  for (const document of readYaml(text.startsWith('\uFEFF') ? text.slice(1) : text)) reader.read(document)
  return reader.result()
}

class FileReader {
  readonly #file: string
  readonly #options: ParseOptions
  readonly #findOld: FindOld
  readonly #entries: FileEntry[] = []
  readonly #diagnostics: Diagnostic[] = []
  readonly #brokenKeys = new Set<ObjectKey>()
  #isUnparsable = false
  #hasNameless = false
  readonly #counts = { error: 0, warning: 0 }

  constructor(file: string, options: ParseOptions, findOld: FindOld) {
    this.#file = file
    this.#options = options
    this.#findOld = findOld
  }

  result(): ParsedFile {
    return {
      entries: this.#entries,
      diagnostics: [...this.#diagnostics, ...this.#further('error'), ...this.#further('warning')],
      brokenKeys: this.#brokenKeys,
      isUnparsable: this.#isUnparsable,
      hasNameless: this.#hasNameless,
    }
  }

  read(document: YamlDocument): void {
    for (const problem of document.problems) {
      this.#isUnparsable = true
      if (!this.#counted('error')) continue
      this.#diagnostics.push({ severity: 'error', file: this.#file, reason: 'InvalidYaml', ...problem })
    }
    if (document.problems.length > 0) return
    const items = listItems(document.value)
    if (items === undefined) this.#readObject(document.value, document, [])
    else for (const [index, item] of items.entries()) this.#readObject(item, document, ['items', index])
  }

  #readObject(raw: unknown, document: YamlDocument, base: readonly PathSegment[]): void {
    const ref = readRef(raw, this.#options.defaultNamespace ?? 'default')
    const note = (problem: ParseProblem): void => this.#note(problem, ref, document, base)
    const oldObject = ref === undefined ? undefined : this.#findOld(objectKey(ref))
    const parsed = parseObject(raw, { ...this.#options, oldObject, onWarning: note })
    if (!parsed.ok) {
      for (const problem of parsed.error) note(problem)
      const isBroken = parsed.error.some((problem) => problem.severity === 'error')
      if (ref !== undefined) this.#brokenKeys.add(objectKey(ref))
      else if (isBroken) this.#hasNameless = true
      return
    }
    const object = parsed.value
    const { name, namespace } = object.metadata
    const own = { group: findKind(object.kind)?.group ?? '', kind: object.kind, namespace, name }
    const { index, slice } = document
    const start = document.positionOf(base)
    this.#entries.push({ key: objectKey(own), ref: own, object, document: index, base, start, slice })
  }

  #note(
    problem: ParseProblem,
    object: ObjectRef | undefined,
    document: YamlDocument,
    base: readonly PathSegment[],
  ): void {
    const { severity, reason, field, message, remedy } = problem
    if (!this.#counted(severity)) return
    const position = document.positionOf([...base, ...parsePath(field)])
    const diagnostic = { severity, file: this.#file, ...position, object, field, reason, message, remedy }
    this.#diagnostics.push(diagnostic)
  }

  /** Counts one; false when it is too many to be listed. */
  #counted(severity: Diagnostic['severity']): boolean {
    this.#counts[severity] += 1
    return this.#counts[severity] <= maxListed
  }

  #further(severity: Diagnostic['severity']): readonly Diagnostic[] {
    const count = this.#counts[severity] - maxListed
    if (count <= 0) return []
    const { line, column } = this.#diagnostics.findLast((last) => last.severity === severity) ?? { line: 1, column: 1 }
    const message = `${count} more ${severity}s of this file are not listed`
    const remedy = 'mend those that are'
    return [{ severity, file: this.#file, line, column, reason: 'MoreProblems', message, remedy }]
  }
}

/** The items of a `kind: List` or of a list of one kind, as kubectl prints them. */
function listItems(value: unknown): readonly unknown[] | undefined {
  const kind = field(value, 'kind')
  const items = field(value, 'items')
  return typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items) ? items : undefined
}

/** Which object a value means to be, when it says so in spite of its mistakes. */
function readRef(raw: unknown, defaultNamespace: string): ObjectRef | undefined {
  const kind = findKind(String(field(raw, 'kind')))
  const name = field(field(raw, 'metadata'), 'name')
  if (kind === undefined || typeof name !== 'string' || name === '') return undefined
  const given = field(field(raw, 'metadata'), 'namespace')
  const namespace = typeof given === 'string' && given !== '' ? given : defaultNamespace
  return { group: kind.group, kind: kind.kind, namespace: kind.namespaced ? namespace : '', name }
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return Reflect.get(value, name)
}
