import { type FSWatcher, watch } from 'node:fs'
import { join } from 'node:path'

/** Something that a watched directory told. */
export type WatchEvent =
  /** The entry at `path` appeared, changed or went. */
  | { readonly kind: 'entry'; readonly path: string }
  /** Anything in the directory may have changed. */
  | { readonly kind: 'directory'; readonly path: string }
  /** The directory is not watched: edits in it are not seen. */
  | { readonly kind: 'failed'; readonly path: string; readonly error: Error }

/**
 * Watches directories one by one, each for its own entries: one inotify watch for a directory however many files it
 * holds. (The recursive mode of node:fs takes a watch for every file.)
 */
export class DirectoryWatch {
  readonly #onEvent: (event: WatchEvent) => void
  readonly #watchers = new Map<string, FSWatcher>()

  constructor(onEvent: (event: WatchEvent) => void) {
    this.#onEvent = onEvent
  }

  /** Watches a directory, once. */
  add(directory: string): void {
    if (this.#watchers.has(directory)) return
    try {
      const watcher = watch(directory, { persistent: true })
      watcher.on('change', (_, name) => this.#onChange(directory, name))
      watcher.on('error', (error) => {
        this.remove(directory)
        this.#onEvent({ kind: 'failed', path: directory, error })
      })
      this.#watchers.set(directory, watcher)
    } catch (error) {
      const cause = error instanceof Error ? error : new Error(String(error))
      this.#onEvent({ kind: 'failed', path: directory, error: cause })
    }
  }

  /** The watched directories. */
  directories(): readonly string[] {
    return [...this.#watchers.keys()]
  }

  /** Watches a directory no more. */
  remove(directory: string): void {
    this.#watchers.get(directory)?.close()
    this.#watchers.delete(directory)
  }

  /** Watches nothing any more. */
  close(): void {
    for (const directory of this.directories()) this.remove(directory)
  }

  #onChange(directory: string, name: string | Buffer | null): void {
    if (name === null) this.#onEvent({ kind: 'directory', path: directory })
    else this.#onEvent({ kind: 'entry', path: join(directory, name.toString()) })
  }
}
