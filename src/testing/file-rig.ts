/** A folder of its own for one test, a file source on it, and the changes it tells. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { checkRules } from '../api/rules.ts'
import { formatDiagnostic } from '../watch/diagnostic.ts'
import { type FileChange, FileSource } from '../watch/file-source.ts'

/** An HTTPRoute whose one rule matches `path`. */
export function route(name: string, path = '/'): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: ${name}}
spec:
  rules:
  - matches:
    - path: {value: ${path}}
`
}

/** A change in short: what is new, what is gone, what is wrong. */
export interface ShortChange {
  readonly upserts: readonly string[]
  readonly deletes: readonly string[]
  readonly diagnostics: readonly string[]
}

/** A temporary folder and the source on it. */
export class FileRig {
  readonly root = mkdtempSync(join(tmpdir(), 'fairlead-source-'))
  readonly changes: FileChange[] = []
  readonly source: FileSource
  #seen = 0
  #wake: (() => void) | undefined

  constructor(paths: readonly string[] = ['.']) {
    this.source = new FileSource({
      paths: paths.map((path) => join(this.root, path)),
      checkRules,
      onChange: (change) => {
        this.changes.push(change)
        this.#wake?.()
      },
    })
  }

  /** A path in the folder. */
  at(path: string): string {
    return join(this.root, path)
  }

  /** Writes a file in place, its folders with it. */
  write(path: string, text: string | Uint8Array): void {
    mkdirSync(dirname(this.at(path)), { recursive: true })
    writeFileSync(this.at(path), text)
  }

  /** Loads and watches; the change of the load. */
  start(): ShortChange {
    this.source.load()
    this.source.watch()
    this.#seen = 1
    return this.show(this.changes[0])
  }

  /** The next change that was not asked for yet. */
  async next(): Promise<ShortChange> {
    while (this.changes.length <= this.#seen) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    this.#seen += 1
    return this.show(this.changes[this.#seen - 1])
  }

  /** The next change for which `isWanted` holds. */
  async until(isWanted: (change: ShortChange) => boolean): Promise<ShortChange> {
    for (;;) {
      const change = await this.next()
      if (isWanted(change)) return change
    }
  }

  /** A change in short. */
  show(change: FileChange | undefined): ShortChange {
    if (change === undefined) throw new Error('there is no change')
    return {
      upserts: change.upserts.map(({ object, file }) => {
        const value = object.kind === 'HTTPRoute' ? object.spec.rules[0]?.matches[0]?.path?.value : ''
        return `${object.metadata.name} ${value} g${object.metadata.generation} ${relative(this.root, file)}`
      }),
      deletes: change.deletes.map((ref) => ref.name),
      diagnostics: change.diagnostics.map((diagnostic) => formatDiagnostic(diagnostic).replaceAll(`${this.root}/`, '')),
    }
  }

  /** Stops and cleans up. */
  async close(): Promise<void> {
    await this.source.close()
    rmSync(this.root, { recursive: true, force: true })
  }
}
