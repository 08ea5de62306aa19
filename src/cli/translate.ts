/** `fairlead translate`: what files become, without a proxy. */
import { stringify } from 'yaml'
import { messageToJson } from '../envoy/json.ts'
import type { NamedResource } from '../envoy/resource.ts'
import { type XdsType, xdsTypeUrl } from '../envoy/types.ts'
import type { Collection } from '../graph/collection.ts'
import { compareBy } from '../lib/sorted.ts'
import { formatDiagnostic } from '../watch/diagnostic.ts'
import { type OfflineTranslation, translateFiles, withStatus } from './offline.ts'
import type { Terminal } from './terminal.ts'

/** What `--show` may name, and the resources that each word stands for. */
export const showWords = {
  status: undefined,
  listeners: 'listener',
  scopes: 'scoped-route',
  routes: 'route',
  clusters: 'cluster',
  endpoints: 'endpoint',
  secrets: 'secret',
} as const satisfies Readonly<Record<string, XdsType | undefined>>

export type ShowWord = keyof typeof showWords

export interface TranslateOptions {
  readonly files: readonly string[]
  readonly show: readonly ShowWord[]
  readonly output: 'yaml' | 'json'
}

/** Prints one array of statuses and resources. Exit code 1 when a file has an error: the rest is shown all the same. */
export function translate(options: TranslateOptions, terminal: Terminal): number {
  const translation = translateFiles(options.files)
  const shown = [
    ...(options.show.includes('status') ? statuses(translation, terminal.now) : []),
    ...resources(translation, options.show),
  ]
  terminal.out(options.output === 'json' ? `${JSON.stringify(shown, undefined, 2)}\n` : documents(shown))
  for (const diagnostic of translation.diagnostics) {
    terminal.err(`${formatDiagnostic(diagnostic)}\n`)
  }
  return translation.diagnostics.some(({ severity }) => severity === 'error') ? 1 : 0
}

function statuses(translation: OfflineTranslation, now: () => string): readonly unknown[] {
  return sorted(translation.outputs.statuses).map((entry) => withStatus(translation, entry, now))
}

function resources({ outputs }: OfflineTranslation, show: readonly ShowWord[]): readonly unknown[] {
  const types = new Set<XdsType | undefined>(show.map((word) => showWords[word]))
  const ofGateways = sorted(outputs.resources)
    .filter(([, { resource }]) => types.has(resource.type))
    .map(([, { gateway, resource }]) => ({ gateway, ...shownResource(resource) }))
  const endpoints = types.has('endpoint')
    ? sorted(outputs.endpoints).map(([, resource]) => shownResource(resource))
    : []
  return [...ofGateways, ...endpoints]
}

function shownResource({ type, name, bytes }: NamedResource) {
  return { typeUrl: xdsTypeUrl(type), name, resource: redacted(type, messageToJson(type, bytes)) }
}

/** Keys never leave the process in a form that a person reads. */
function redacted(type: XdsType, message: unknown): unknown {
  if (type !== 'secret') {
    return message
  }
  const text = JSON.stringify(message, (key, value: unknown) => (key === 'privateKey' ? '[redacted]' : value))
  return JSON.parse(text)
}

function documents(values: readonly unknown[]): string {
  return values.map((value) => stringify(value, { lineWidth: 120, aliasDuplicateObjects: false })).join('---\n')
}

function sorted<V>(collection: Collection<V>): readonly (readonly [string, V])[] {
  return [...collection.entries()].sort(compareBy(([key]) => key))
}
