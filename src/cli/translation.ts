/** Files in, translation out: what every command shares. */
import { checkRules } from '../api/rules.ts'
import type { GraphOptions } from '../graph/graph.ts'
import type { ObjectRef } from '../lib/object-ref.ts'
import type { TranslateSettings } from '../translate/contract.ts'
import type { Diagnostic } from '../watch/diagnostic.ts'
import { type FileChange, FileSource, type SourcedObject } from '../watch/file-source.ts'
import { type Assembly, assemble } from './assembly.ts'

/** A folder of objects that is translated, once or for as long as it is watched. */
export interface Translation extends Assembly {
  readonly files: FileSource
  /** Every object that was read, by the key of its status: `<Kind>/<namespace>/<name>`. */
  readonly objects: ReadonlyMap<string, SourcedObject>
  /** Those of a kind that is not translated yet. */
  readonly unserved: ReadonlyMap<string, SourcedObject>
  /** What is wrong with the files now. */
  diagnostics(): readonly Diagnostic[]
}

/** Which files are translated, and how. */
export interface TranslationOptions {
  readonly paths: readonly string[]
  readonly settings: TranslateSettings
  readonly graph?: GraphOptions | undefined
  /** Called after a change was written to the sources, with the files that it was in. */
  readonly onChange?: ((change: FileChange, files: readonly string[]) => void) | undefined
}

/** Builds everything; nothing is read before `files.load()`. */
export function openTranslation(options: TranslationOptions): Translation {
  const assembly = assemble(options.settings, options.graph)
  const objects = new Map<string, SourcedObject>()
  const unserved = new Map<string, SourcedObject>()
  let diagnostics: readonly Diagnostic[] = []
  const files = new FileSource({
    paths: options.paths,
    // What is experimental and not served is named as such, rather than as unknown.
    channel: 'experimental',
    checkRules,
    onChange: (change) => {
      const gone = change.deletes.flatMap((ref) => objects.get(statusKey(ref))?.file ?? [])
      for (const ref of change.deletes) remove(ref)
      for (const sourced of change.upserts) add(sourced)
      diagnostics = change.diagnostics
      options.onChange?.(change, [...new Set([...change.upserts.map(({ file }) => file), ...gone])])
    },
  })
  const add = (sourced: SourcedObject) => {
    const { object, ref } = sourced
    objects.set(statusKey(ref), sourced)
    if (!assembly.set(object)) unserved.set(statusKey(ref), sourced)
  }
  const remove = (ref: ObjectRef) => {
    objects.delete(statusKey(ref))
    unserved.delete(statusKey(ref))
    assembly.delete(ref)
  }
  return { ...assembly, files, objects, unserved, diagnostics: () => diagnostics }
}

/** The key of an object among statuses. */
export function statusKey({ kind, namespace, name }: Omit<ObjectRef, 'group'>): string {
  return `${kind}/${namespace}/${name}`
}

/** How files are translated without a proxy: as `up` serves them, everything taken as acknowledged. */
export function offlineSettings(controllerName: string): TranslateSettings {
  return {
    controllerName,
    delivery: 'assumed',
    platform: { kind: 'standalone', bindAddresses: ['127.0.0.1'], ipv6: false },
  }
}

/** Reads and translates the files once. */
export function translateFiles(paths: readonly string[], controllerName: string): Translation {
  const translation = openTranslation({
    paths,
    settings: offlineSettings(controllerName),
    graph: { schedule: () => {} },
  })
  translation.files.load()
  translation.graph.flush()
  return translation
}
