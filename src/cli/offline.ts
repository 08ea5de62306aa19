/** The whole translation of files without proxies or a cluster: what `translate` and `validate` are made of. */
import { Graph } from '../graph/graph.ts'
import type { DesiredStatus, Outputs, TranslateSettings } from '../translate/contract.ts'
import { buildPipeline } from '../translate/pipeline.ts'
import type { Diagnostic } from '../watch/diagnostic.ts'
import { FileSource, type SourcedObject } from '../watch/file-source.ts'
import { createSources, setObject } from '../watch/sources.ts'
import { mergeStatus } from '../watch/status-merge.ts'

/** Every object of the files, translated. */
export interface OfflineTranslation {
  readonly outputs: Outputs
  /** By `<Kind>/<namespace>/<name>`, as statuses are keyed. */
  readonly objects: ReadonlyMap<string, SourcedObject>
  /** What is wrong with the files themselves. */
  readonly diagnostics: readonly Diagnostic[]
}

/** As in standalone mode, and as if every proxy had acknowledged: there is none to ask. */
export const offlineSettings: TranslateSettings = {
  controllerName: 'fairlead.dev/gateway-controller',
  delivery: 'assumed',
  bindAddresses: ['127.0.0.1'],
  ipv6: false,
  standalone: true,
}

export function translateFiles(paths: readonly string[], settings = offlineSettings): OfflineTranslation {
  const graph = new Graph()
  const sources = createSources(graph)
  const outputs = buildPipeline(graph, {
    ...sources,
    secretProblems: graph.source('secretProblems'),
    refusals: graph.source('refusals'),
    deliveries: graph.source('deliveries'),
    settings: graph.single('settings', settings),
  })
  const objects = new Map<string, SourcedObject>()
  let diagnostics: readonly Diagnostic[] = []
  const files = new FileSource({
    paths,
    channel: 'experimental',
    onChange: (change) => {
      diagnostics = change.diagnostics
      for (const sourced of change.upserts) {
        const { kind, namespace, name } = sourced.ref
        objects.set(`${kind}/${namespace}/${name}`, sourced)
        setObject(sources, sourced.object)
      }
    },
  })
  files.load()
  graph.flush()
  return { outputs, objects, diagnostics }
}

/** An object with the status that would be written: ours merged into that of the file. */
export function withStatus(
  { objects }: Pick<OfflineTranslation, 'objects'>,
  [key, { apiVersion, kind, namespace, name, status }]: readonly [string, DesiredStatus],
  now: () => string,
) {
  const object = objects.get(key)?.object
  const existing = object !== undefined && 'status' in object ? object.status : undefined
  const metadata = namespace === undefined ? { name } : { name, namespace }
  return {
    apiVersion,
    kind,
    metadata,
    status: mergeStatus(existing === undefined ? undefined : { ...existing }, status, now),
  }
}
