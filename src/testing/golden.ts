/**
 * Golden cases: a folder `<name>.golden/<case>/` holds in.yaml, status.yaml and envoy.yaml. The first line of in.yaml
 * says which sentence of the specification or which bug it stands for, and after `show:` which resources are compared.
 * With `cluster:` in the place of `show:` the proxies are those of a cluster.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { parseAllDocuments, stringify } from 'yaml'
import type { KubernetesObject } from '../api/kinds.ts'
import { messageToJson } from '../envoy/json.ts'
import type { NamedResource } from '../envoy/resource.ts'
import type { XdsType } from '../envoy/types.ts'
import { compareBy } from '../lib/sorted.ts'
import type { Platform } from '../translate/contract.ts'
import { mustParse, type PipelineRig, testSettings } from './pipeline-rig.ts'

const clusterPlatform: Platform = { kind: 'kubernetes', ipv6: true }

/** One folder. */
export interface GoldenCase {
  readonly directory: string
  /** `<folder>/<case>`, as tests show it. */
  readonly name: string
  readonly title: string
  readonly show: readonly ShowWord[]
  readonly platform: Platform
  readonly objects: readonly KubernetesObject[]
}

/** What a case is compared by. */
export interface GoldenOutput {
  readonly 'status.yaml': string
  readonly 'envoy.yaml': string
}

/**
 * What `show:` may name. `scopes` are those of routes; `stubs` those that stand without any; `ports` are listeners
 * without what they have in common.
 */
type ShowWord = keyof typeof typesByWord

const typesByWord = {
  listeners: 'listener',
  ports: 'listener',
  scopes: 'scoped-route',
  stubs: 'scoped-route',
  routes: 'route',
  clusters: 'cluster',
  endpoints: 'endpoint',
  secrets: 'secret',
} as const satisfies Readonly<Record<string, XdsType>>

const sourceRoot = dirname(import.meta.dirname)

/** Every case below src, in order of name. */
export function goldenCases(): readonly GoldenCase[] {
  return globSync('**/*.golden/*/in.yaml', { cwd: sourceRoot })
    .sort()
    .map((path) => readCase(dirname(join(sourceRoot, path))))
}

/** The objects that every case may count on. */
export function baseObjects(): readonly KubernetesObject[] {
  return readObjects(readFileSync(join(import.meta.dirname, 'base.yaml'), 'utf8'))
}

/** The objects of a text of YAML documents; all must be valid. */
export function readObjects(text: string): readonly KubernetesObject[] {
  return parseAllDocuments(text).flatMap((document) => {
    const raw: unknown = document.toJS()
    return raw === null ? [] : [mustParse(raw)]
  })
}

/** Statuses and shown resources of a flushed rig, sorted; objects of the base are left out. */
export function render(rig: PipelineRig, show: readonly ShowWord[]): GoldenOutput {
  const statuses = [...rig.outputs.statuses.entries()]
    .filter(([key]) => key !== 'GatewayClass//fairlead')
    .sort(compareBy(([key]) => key))
    .map(([, { kind, namespace, name, status }]) => ({
      kind,
      name: namespace ? `${namespace}/${name}` : name,
      status: condensed(status),
    }))
  const named = [
    ...[...rig.outputs.resources.entries()].map(([key, { resource }]) => ({ key, resource })),
    ...[...rig.outputs.endpoints.entries()].map(([key, resource]) => ({ key, resource })),
  ]
  const resources = named
    .filter(({ resource }) => resource.gate !== 'warm-up' && wordsOf(resource).some((word) => show.includes(word)))
    .sort(compareBy(({ key }) => key))
    .map(({ resource }) => (resource.type === 'listener' && show.includes('ports') ? port(resource) : shown(resource)))
  return { 'status.yaml': toYaml(statuses), 'envoy.yaml': toYaml(resources) }
}

/** Conditions and kinds in one line each, with all they say: a golden is read by people. */
function condensed(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(condensed)
  }
  if (typeof value !== 'object' || value === null) {
    return value
  }
  if (
    'type' in value &&
    'reason' in value &&
    'message' in value &&
    'status' in value &&
    'observedGeneration' in value
  ) {
    const { type, status, reason, observedGeneration, message } = value
    return `${type} ${status} ${reason} @${observedGeneration}: ${message}`
  }
  // Every class has the same, and one golden per feature would change with each.
  const entries = Object.entries(value).filter(([key]) => key !== 'supportedFeatures')
  if ('kind' in value && entries.every(([, part]) => typeof part !== 'object')) {
    return entries.map(([key, part]) => `${key}=${part}`).join(' ')
  }
  return Object.fromEntries(entries.map(([key, part]) => [key, condensed(part)]))
}

function shown(resource: NamedResource): unknown {
  return { [resource.type]: resource.name, ...redacted(messageToJson(resource.type, resource.bytes)) }
}

/** Where a listener is bound, and which server names its chains take. */
function port(resource: NamedResource): unknown {
  const { address, filterChains } = redacted(messageToJson(resource.type, resource.bytes))
  const chains = Array.isArray(filterChains) ? filterChains : []
  return {
    port: resource.name,
    address,
    serverNames: chains.map((chain: { filterChainMatch?: unknown }) => chain.filterChainMatch ?? 'any'),
  }
}

/** Proto JSON of a resource; a private key is not for eyes, not even a test's. */
function redacted(json: unknown): Readonly<Record<string, unknown>> {
  const text = JSON.stringify(json, (key, value: unknown) => {
    if (key === 'privateKey') return 'REDACTED'
    return key === 'httpFilters' && Array.isArray(value) ? withoutCopies(value) : value
  })
  const parsed: unknown = JSON.parse(text)
  return typeof parsed === 'object' && parsed !== null ? { ...parsed } : { value: parsed }
}

/** Equal neighbours as one, with their number: filters that are there several times are read once. */
function withoutCopies(filters: readonly unknown[]): readonly unknown[] {
  const texts = filters.map((filter) => JSON.stringify(filter))
  return filters.flatMap((filter, index) => {
    if (index > 0 && texts[index] === texts[index - 1]) return []
    const copies = [...texts, undefined].slice(index).findIndex((text) => text !== texts[index])
    return [copies === 1 ? filter : { copies, ...Object(filter) }]
  })
}

/** Writes the expectation. Only by hand: review is reading the diff. */
export function updateGolden(golden: GoldenCase, output: GoldenOutput): void {
  if (process.env.CI === 'true') {
    throw new Error('goldens are not updated in CI; run `npm run golden:update` and review the diff')
  }
  for (const [file, text] of Object.entries(output)) {
    writeFileSync(join(golden.directory, file), text)
  }
}

export function readGolden(golden: GoldenCase, file: keyof GoldenOutput): string {
  return readFileSync(join(golden.directory, file), 'utf8')
}

function readCase(directory: string): GoldenCase {
  const text = readFileSync(join(directory, 'in.yaml'), 'utf8')
  const head = /^# (?<title>.+?)(?: (?<where>show|cluster): (?<show>[\w, ]+))?$/m.exec(
    text.split('\n', 1)[0] ?? '',
  )?.groups
  if (head?.title === undefined) {
    throw new Error(`${directory}/in.yaml must begin with "# <what it stands for>. show: scopes"`)
  }
  const show = (head.show ?? 'scopes').split(',').map((word) => showWord(word.trim(), directory))
  const name = `${basename(dirname(directory)).replace(/\.golden$/, '')}/${basename(directory)}`
  const platform = head.where === 'cluster' ? clusterPlatform : testSettings.platform
  return { directory, name, title: head.title, show, platform, objects: readObjects(text) }
}

function showWord(word: string, directory: string): ShowWord {
  const known = Object.keys(typesByWord)
  const found = known.find((candidate): candidate is ShowWord => candidate === word)
  if (found === undefined) {
    throw new Error(`${directory}/in.yaml shows "${word}"; known: ${known.join(', ')}`)
  }
  return found
}

/** The words that show a resource. */
function wordsOf({ type, origins = [] }: NamedResource): readonly ShowWord[] {
  switch (type) {
    case 'listener':
      return ['listeners', 'ports']
    case 'scoped-route':
      return [origins.length > 0 ? 'scopes' : 'stubs']
    case 'route':
      return ['routes']
    case 'cluster':
      return ['clusters']
    case 'endpoint':
      return ['endpoints']
    case 'secret':
      return ['secrets']
  }
}

function toYaml(value: readonly unknown[]): string {
  return value.length === 0 ? '[]\n' : stringify(value, { lineWidth: 120, aliasDuplicateObjects: false })
}
