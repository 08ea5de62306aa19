/** `fairlead translate`: what would be written to statuses and sent to Envoy, without either. */
import { messageToJson } from '../envoy/json.ts'
import type { NamedResource } from '../envoy/resource.ts'
import { type XdsType, xdsTypeUrl } from '../envoy/types.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { compareBy, compareStrings } from '../lib/sorted.ts'
import { formatDiagnostic } from '../watch/diagnostic.ts'
import { mergeStatus } from '../watch/status-merge.ts'
import { exitCodes, type Terminal, type TranslateFlags } from './flags.ts'
import { recordOf } from './plain.ts'
import { type Translation, translateFiles } from './translation.ts'

/** What can be shown, in the order of the output. */
export const sections = ['status', 'listeners', 'scopes', 'routes', 'clusters', 'endpoints', 'secrets'] as const
/** One of `sections`. */
export type Section = (typeof sections)[number]

const typeOfSection: Readonly<Record<Exclude<Section, 'status'>, XdsType>> = {
  listeners: 'listener',
  scopes: 'scoped-route',
  routes: 'route',
  clusters: 'cluster',
  endpoints: 'endpoint',
  secrets: 'secret',
}

/** A status as it would be written. */
export interface StatusItem {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
  readonly status: Readonly<Record<string, unknown>>
}

/** An Envoy resource as proto JSON, private keys redacted. */
export interface ResourceItem {
  readonly typeUrl: string
  readonly name: string
  /** The Gateway whose proxies get it; absent for endpoints, which all share. */
  readonly gateway?: string
  readonly resource: unknown
}

/** Prints the translation of the files. The exit code is 1 when files have errors; the rest is shown all the same. */
export async function runTranslate(flags: TranslateFlags, terminal: Terminal, controllerName: string): Promise<number> {
  const shown = parseSections(flags.show)
  if (!shown.ok) {
    terminal.err(`${shown.error}\n`)
    return exitCodes.usage
  }
  if (flags.output !== 'json' && flags.output !== 'yaml') {
    terminal.err(`--output: "${flags.output}" is unknown; use yaml or json\n`)
    return exitCodes.usage
  }
  if (flags.now !== undefined && !isTime(flags.now)) {
    terminal.err(`--now: "${flags.now}" is no time; write it as 2026-01-31T12:00:00Z\n`)
    return exitCodes.usage
  }
  const translation = translateFiles(flags.file, controllerName)
  const now = flags.now ?? `${new Date().toISOString().slice(0, 19)}Z`
  const items = itemsOf(translation, shown.value, { now, controllerName })
  terminal.out(flags.output === 'json' ? `${JSON.stringify(items, undefined, 2)}\n` : await toYaml(items))
  const diagnostics = translation.diagnostics()
  for (const diagnostic of diagnostics) terminal.err(`${formatDiagnostic(diagnostic)}\n`)
  return diagnostics.some(({ severity }) => severity === 'error') ? exitCodes.failed : exitCodes.ok
}

/** RFC 3339 in seconds and UTC, as `metav1.Time` is written. */
function isTime(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/.test(text) && !Number.isNaN(Date.parse(text))
}

/** The sections of a comma-separated list, in the order of the output. */
export function parseSections(text: string): Result<readonly Section[], string> {
  const words = text.split(',').map((word) => word.trim())
  const unknown = words.find((word) => !sections.some((section) => section === word))
  if (unknown !== undefined) return err(`--show: "${unknown}" is unknown; use any of ${sections.join(',')}`)
  return ok(sections.filter((section) => words.includes(section)))
}

/** What statuses are written with. */
export interface Stamp {
  /** RFC 3339. */
  readonly now: string
  readonly controllerName: string
}

/** Everything that is shown, by section, then by object or resource. */
export function itemsOf(
  translation: Translation,
  shown: readonly Section[],
  stamp: Stamp,
): readonly (StatusItem | ResourceItem)[] {
  return shown.flatMap((section): readonly (StatusItem | ResourceItem)[] =>
    section === 'status' ? statusItems(translation, stamp) : resourceItems(translation, typeOfSection[section]),
  )
}

function statusItems({ outputs, objects }: Translation, { now, controllerName }: Stamp): readonly StatusItem[] {
  const entries = [...outputs.statuses.entries()].sort(compareBy(([key]) => key))
  return entries.map(([key, { apiVersion, kind, namespace, name, status }]) => {
    const object = objects.get(key)?.object
    const existing = recordOf(recordOf(object).status)
    const generation = object?.metadata.generation
    const metadata = namespace === undefined || namespace === '' ? { name } : { name, namespace }
    const options = { now: () => now, controllerName, generation }
    return { apiVersion, kind, metadata, status: mergeStatus(existing, status, options) }
  })
}

function resourceItems({ outputs }: Translation, type: XdsType): readonly ResourceItem[] {
  const shared = [...outputs.endpoints.entries()].map(([, resource]) => ({ gateway: undefined, resource }))
  const owned = [...outputs.resources.entries()].map(([, { gateway, resource }]) => ({
    gateway: gateway as string,
    resource,
  }))
  return [...owned, ...shared]
    .filter(({ resource }) => resource.type === type)
    .sort(
      (a, b) => compareStrings(a.resource.name, b.resource.name) || compareStrings(a.gateway ?? '', b.gateway ?? ''),
    )
    .map(({ gateway, resource }) => ({
      typeUrl: xdsTypeUrl(resource.type),
      name: resource.name,
      ...(gateway === undefined ? {} : { gateway }),
      resource: shownResource(resource),
    }))
}

function shownResource(resource: NamedResource): unknown {
  const json = messageToJson(resource.type, resource.bytes)
  return resource.type === 'secret' ? redacted(json) : json
}

/** The value with every private key and password replaced. */
export function redacted(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(redacted)
  if (typeof json !== 'object' || json === null) return json
  return Object.fromEntries(
    Object.entries(json).map(([field, value]) => [field, hiddenFields.has(field) ? '[redacted]' : redacted(value)]),
  )
}

const hiddenFields: ReadonlySet<string> = new Set(['privateKey', 'password', 'genericSecret', 'sessionTicketKeys'])

async function toYaml(items: readonly unknown[]): Promise<string> {
  const { stringify } = await import('yaml')
  const options = { lineWidth: 120, aliasDuplicateObjects: false }
  return items.length === 0 ? '# nothing to show\n' : items.map((item) => stringify(item, options)).join('---\n')
}
