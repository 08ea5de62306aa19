/** Random sets of objects that get in each other's way: mostly valid, seldom sensible. */
import { isRecord } from '../src/api/compile.ts'
import { findKind, type KindName, schemaOf } from '../src/api/kinds.ts'
import { coreSamples } from '../src/testing/core-samples.ts'
import { Dice } from '../src/testing/dice.ts'
import { baseObjects as goldenBase } from '../src/testing/golden.ts'
import { SchemaSampler } from '../src/testing/schema-samples.ts'
import { type Corpus, readCorpus } from './corpus.ts'
import type { ObjectSet, Step } from './finding.ts'
import { makeSecret } from './secrets.ts'
import { isTaken, vary } from './vary.ts'
import { wordsOf } from './words.ts'
import { asServed, backendPort, type Fields, setPorts } from './world.ts'

/** How often each kind comes, compared with the others. `served`: listeners of the Gateway that the proxy serves. */
const weights: readonly (readonly [KindName | 'served', number])[] = [
  ['HTTPRoute', 10],
  ['served', 4],
  ['Service', 3],
  ['EndpointSlice', 3],
  ['Secret', 3],
  ['ReferenceGrant', 1],
  ['Namespace', 1],
  ['Gateway', 2],
  ['GatewayClass', 0.5],
  ['GatewayParameters', 1],
  ['ConfigMap', 0.5],
]

const names = ['a', 'b', 'c', 'r', 'r2', 'gw2', 'edge']
/** Few, so that objects meet. */
const namesOfKind: Readonly<Partial<Record<KindName, readonly string[]>>> = {
  ConfigMap: ['a', 'b'],
  GatewayParameters: ['a', 'b'],
  Namespace: ['default', 'other', 'third'],
  Service: ['a', 'b', 'c', 'r'],
}
const namespaces = ['default', 'default', 'default', 'other', 'third']

/** Makes sets; the same seed and index make the same set, but for the keys of certificates. */
export class SetMaker {
  readonly #seed: number
  readonly #corpus: Corpus
  /** What most routes need to be served: Services a, b and c with endpoints, certificate `cert`. */
  readonly #stage: readonly Fields[]

  constructor(seed: number, corpus: Corpus = readCorpus()) {
    this.#seed = seed
    this.#corpus = corpus
    this.#stage = goldenBase()
      .filter(({ kind }) => kind !== 'GatewayClass')
      .map((object) => ({ ...object }))
      .map((object) => (object.kind === 'EndpointSlice' ? toBackend(object) : object))
  }

  /** The set with that index, from 0. */
  make(index: number): ObjectSet {
    // Neighbours must not be alike: the state of the dice is a counter.
    const dice = new Dice(Math.imul(this.#seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35))
    const steps: Step[] = this.#stage.filter(() => dice.isHit(0.85)).map((object) => ({ do: 'set', object }))
    for (let count = dice.pick([1, 2, 3, 4, 6, 9, 12, 15]); count > 0; count--) steps.push(...this.#object(dice))
    if (dice.isHit(0.015)) steps.push(...crowd(dice).map((object): Step => ({ do: 'set', object })))
    steps.sort(() => dice.next() - 0.5)
    const spread = steps.flatMap((step): readonly Step[] => (dice.isHit(0.15) ? [step, { do: 'tick' }] : [step]))
    return { id: `${this.#seed}/${index}`, steps: spread }
  }

  /** An object, perhaps with earlier versions of it or its end. */
  #object(dice: Dice): readonly Step[] {
    const kind = weighted(dice)
    const made = this.#make(kind, dice)
    const keepsName = kind === 'served' || kind === 'Secret' || dice.isHit(0.35)
    const named = keepsName ? made : { ...made, metadata: ordinaryMetadata(kind, dice) }
    const steps: Step[] = [{ do: 'set', object: named }]
    if (dice.isHit(0.25))
      steps.push({ do: 'set', object: { ...vary(named, this.#corpus, dice), metadata: named.metadata } })
    if (dice.isHit(0.1)) steps.push(deletionOf(named))
    return steps
  }

  #make(kind: KindName | 'served', dice: Dice): Fields {
    if (kind === 'served') return this.#served(dice)
    if (kind === 'Secret') return makeSecret(this.#corpus, dice)
    const made = vary(this.#seedOf(kind, dice), this.#corpus, dice)
    if (kind === 'HTTPRoute') return attached(made, dice)
    return kind === 'EndpointSlice' ? reachable(made, dice) : made
  }

  #seedOf(kind: KindName, dice: Dice): Fields {
    const samples = coreSamples[kind]
    if (samples !== undefined && dice.isHit(0.3)) return withHead(kind, dice.pick(samples), dice)
    const known = this.#corpus.of(kind)
    return known.length > 0 && dice.isHit(0.7) ? dice.pick(known) : sampled(kind, dice)
  }

  /** `default/gw` with listeners of others. */
  #served(dice: Dice): Fields {
    const gateways = this.#corpus.of('Gateway')
    const listeners: Fields[] = []
    for (let count = dice.pick([0, 1, 1, 2, 3, 5, 20, 61]); count > 0; count--) {
      const { spec } = vary(dice.pick(gateways), this.#corpus, dice)
      const offered = isRecord(spec) && Array.isArray(spec.listeners) ? spec.listeners.filter(isRecord) : []
      if (offered.length > 0) listeners.push(placed(dice.pick(offered), listeners.length, dice))
    }
    const served = (own: readonly Fields[]): Fields => ({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { name: 'gw', namespace: 'default', ...(dice.isHit(0.2) ? { generation: dice.below(5) } : {}) },
      spec: {
        gatewayClassName: 'fairlead',
        listeners: own,
        ...(dice.isHit(0.5) ? { infrastructure: infrastructureOf(dice) } : {}),
      },
    })
    const all = served(listeners)
    return isTaken(asServed(all)) || dice.isHit(0.1) ? all : served(together(listeners, served))
  }
}

function weighted(dice: Dice): KindName | 'served' {
  const sum = weights.reduce((all, [, weight]) => all + weight, 0)
  let left = dice.next() * sum
  for (const [kind, weight] of weights) {
    left -= weight
    if (left < 0) return kind
  }
  return 'HTTPRoute'
}

function ordinaryMetadata(kind: KindName, dice: Dice): Fields {
  const labels = {
    ...(dice.isHit(0.1) ? { team: 'blue', a: '' } : {}),
    ...(kind === 'EndpointSlice' ? { 'kubernetes.io/service-name': dice.pick(['a', 'b', 'c']) } : {}),
  }
  return {
    name: dice.pick(namesOfKind[kind] ?? names),
    ...(isClusterScoped(kind) ? {} : { namespace: dice.pick(namespaces) }),
    ...(dice.isHit(0.3) ? { creationTimestamp: dice.pick(wordsOf('creationTimestamp').slice(0, 3)) } : {}),
    ...(dice.isHit(0.2) ? { generation: dice.pick([1, 2, 2 ** 40]) } : {}),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
  }
}

function deletionOf({ kind, metadata }: Fields): Step {
  const { name, namespace } = isRecord(metadata) ? metadata : {}
  const own = isClusterScoped(kind) ? '' : String(namespace ?? 'default')
  return { do: 'delete', kind: String(kind), namespace: own, name: String(name) }
}

function withHead(kind: KindName, body: Fields, dice: Dice): Fields {
  const known = findKind(kind)
  const apiVersion = known?.group ? `${known.group}/${known.version}` : known?.version
  return { apiVersion, kind, metadata: ordinaryMetadata(kind, dice), ...body }
}

function isClusterScoped(kind: unknown): boolean {
  return kind === 'GatewayClass' || kind === 'Namespace'
}

const attempts = 4

/** By chance from the schema: tried again when rules across fields do not let it in. */
function sampled(kind: KindName, dice: Dice): Fields {
  const known = findKind(kind)
  const schema = known && schemaOf(known, 'experimental', known.version)
  if (schema === undefined) throw new Error(`no schema of ${kind}`)
  const sampler = new SchemaSampler(dice)
  sampler.fullness = dice.pick([0.3, 0.7, 1])
  const { status: _status, ...properties } = schema.properties
  let object: Fields = {}
  for (let attempt = 0; attempt < attempts; attempt++) {
    object = withHead(kind, Object(sampler.sample({ ...schema, properties })), dice)
    if (isTaken(object)) break
  }
  return object
}

/** Mostly a route of the served Gateway: others are not before the proxy. */
function attached(route: Fields, dice: Dice): Fields {
  const { spec } = route
  if (!isRecord(spec) || dice.isHit(0.08)) return route
  const section = dice.isHit(0.2) ? { sectionName: dice.pick(['http', 'l0', 'l1', 'safe']) } : {}
  const port = dice.isHit(0.1) ? { port: dice.pick([setPorts.shared, ...setPorts.others]) } : {}
  const parent = { name: 'gw', namespace: 'default', ...section, ...port }
  const others = dice.isHit(0.3) && Array.isArray(spec.parentRefs) ? spec.parentRefs : []
  const names = dice.isHit(0.05) ? ladder(dice) : some(wordsOf('hostname'), dice)
  const hostnames = dice.isHit(0.4) ? { hostnames: names } : {}
  const rules = dice.isHit(0.85) ? { rules: resolved(spec.rules, dice) } : {}
  const changed = { ...route, spec: { ...spec, parentRefs: [parent, ...others], ...hostnames, ...rules } }
  return isTaken(changed) ? changed : { ...changed, spec: { ...changed.spec, parentRefs: [parent] } }
}

/** Wildcards within wildcards, deeper than one request is passed on. */
function ladder(dice: Dice): readonly string[] {
  const depth = 1 + dice.below(16)
  return Array.from({ length: depth }, (_, index) => `*.${'x.'.repeat(index)}com`)
}

/** Routes of one host, more than are searched one by one. */
function crowd(dice: Dice): readonly Fields[] {
  const segments = ['a', 'b', 'c', 'd%41', 'e.', '', 'f'.repeat(40)]
  const path = () =>
    `/${Array.from({ length: 1 + dice.below(5) }, () => dice.pick(segments)).join('/')}`.replace(/\/+/g, '/')
  const match = () => ({
    path: { type: dice.pick(['Exact', 'PathPrefix', 'PathPrefix']), value: `${path()}${dice.below(500)}` },
    ...(dice.isHit(0.1) ? { headers: [{ name: 'x', value: 'a' }] } : {}),
  })
  const rule = () => ({
    matches: Array.from({ length: 8 }, match),
    backendRefs: [{ name: dice.pick(['a', 'b', 'gone']), port: 80 }],
  })
  const host = dice.pick(['a.com', '*.a.com', '*.com'])
  return Array.from({ length: dice.pick([4, 5, 7]) }, (_, index) => ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: `crowd-${index}`, namespace: 'default' },
    spec: {
      parentRefs: [{ name: 'gw', namespace: 'default', sectionName: 'http' }],
      hostnames: [host],
      rules: Array.from({ length: 16 }, rule),
    },
  }))
}

/** Most references to backends are to those that are there. */
function resolved(value: unknown, dice: Dice): unknown {
  if (Array.isArray(value)) return value.map((item) => resolved(item, dice))
  if (!isRecord(value)) return value
  const changed = Object.entries(value).map(([key, part]): [string, unknown] => {
    if (key === 'backendRefs' && Array.isArray(part)) return [key, part.map((one) => toService(one, dice))]
    return [key, key === 'backendRef' ? toService(part, dice) : resolved(part, dice)]
  })
  return Object.fromEntries(changed)
}

function toService(reference: unknown, dice: Dice): unknown {
  if (!isRecord(reference) || dice.isHit(0.12)) return reference
  const { group: _group, kind: _kind, namespace: _namespace, ...rest } = reference
  return { ...rest, name: dice.pick(['a', 'b']), port: 80 }
}

function some(words: readonly unknown[], dice: Dice): readonly unknown[] {
  return [...new Set(Array.from({ length: 1 + dice.below(3) }, () => dice.pick(words)))]
}

/** Mostly endpoints that answer: of others every request to them would wait. */
function reachable(slice: Fields, dice: Dice): Fields {
  return dice.isHit(0.15) || slice.addressType !== 'IPv4' ? slice : toBackend(slice)
}

function toBackend(slice: Fields): Fields {
  if (!Array.isArray(slice.endpoints)) return slice
  const endpoints = slice.endpoints.map((endpoint: unknown) =>
    isRecord(endpoint) ? { ...endpoint, addresses: ['127.0.0.1'] } : endpoint,
  )
  const ports = Array.isArray(slice.ports)
    ? slice.ports.map((port: unknown) => (isRecord(port) ? { ...port, port: backendPort } : port))
    : []
  return { ...slice, endpoints, ports }
}

/** On one of the ports that the served Gateway may have; most have names of their own. */
function placed(listener: Fields, index: number, dice: Dice): Fields {
  const port = dice.pick([...setPorts.others, setPorts.shared, setPorts.safeTls])
  return { ...listener, name: dice.isHit(0.85) ? `l${index}` : listener.name, port }
}

/** Those that a Gateway may have at once. */
function together(listeners: readonly Fields[], served: (listeners: readonly Fields[]) => Fields): readonly Fields[] {
  let kept: readonly Fields[] = []
  for (const listener of listeners) {
    const more = kept.concat(listener)
    if (isTaken(asServed(served(more)))) kept = more
  }
  return kept
}

function infrastructureOf(dice: Dice): Fields {
  const kinds = [
    { group: 'fairlead.dev', kind: 'GatewayParameters' },
    { group: '', kind: 'ConfigMap' },
  ]
  return {
    ...(dice.isHit(0.8) ? { parametersRef: { ...dice.pick(kinds), name: dice.pick(['a', 'b']) } } : {}),
    ...(dice.isHit(0.3) ? { labels: { a: 'b', 'example.com/x': '' } } : {}),
    ...(dice.isHit(0.3) ? { annotations: { 'example.com/y': 'z\n' } } : {}),
  }
}
