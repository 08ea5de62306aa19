import type { PathSegment } from '../api/field-path.ts'
import { readText } from './file-scan.ts'
import type { FileEntry } from './parse-file.ts'
import { type Position, readSlice, type YamlDocument } from './yaml-documents.ts'

/** What was read last. */
interface Kept {
  readonly path: string
  readonly signature: string
  readonly text: string
  /** Where `document` begins in the text; undefined before one was asked for. */
  from: number | undefined
  document: YamlDocument | undefined
}

const maxAgeMs = 1_000

/**
 * Places of fields in files, which are read anew when one is asked for. They are asked for in bursts, so the last document
 * is kept for a moment: a List of a thousand objects is one document, and reading it costs more than all else.
 */
export class FieldPlaces {
  #kept: Kept | undefined
  #timer: NodeJS.Timeout | undefined

  /**
   * Place of a field, or of its nearest ancestor that is there; undefined when the entry cannot be found in the file.
   * `signature` is that of the content, which must be the one that the entry was read from.
   */
  find(
    file: { readonly path: string; readonly signature: string },
    { slice, base }: FileEntry,
    field: readonly PathSegment[],
  ): Position | undefined {
    const kept = slice === undefined ? undefined : this.#read(file)
    if (slice === undefined || kept === undefined) return undefined
    if (kept.from !== slice.from) kept.document = readSlice(kept.text, slice)
    kept.from = slice.from
    return kept.document?.positionOf([...base, ...field])
  }

  #read({ path, signature }: { readonly path: string; readonly signature: string }): Kept | undefined {
    if (this.#kept?.path === path && this.#kept.signature === signature) return this.#kept
    const text = readText(path)
    if (!text.ok) return undefined
    const plain = text.value.startsWith('\uFEFF') ? text.value.slice(1) : text.value
    this.#kept = { path, signature, text: plain, from: undefined, document: undefined }
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#kept = undefined
    }, maxAgeMs).unref()
    return this.#kept
  }
}
