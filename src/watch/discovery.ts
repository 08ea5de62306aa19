/** Which CRDs of the Gateway API a cluster has: their version, their channel, and what is served of them. */
import type { CrdFacts } from '../api/crd-facts.ts'
import { isRecord } from '../api/compile.ts'
import { gatewayApiGroup } from '../api/gen/schemas.ts'
import { findKind, kinds } from '../api/kinds.ts'
import { structuralEqual } from '../lib/equal.ts'
import type { Logger } from '../lib/logger.ts'
import { compareStrings } from '../lib/sorted.ts'
import { type KubeClient, KubeError } from './kube-client.ts'
import { refusedNotice } from './kind-notice.ts'
import { Reflector, type ReflectorState } from './reflector.ts'
import { collectionPath, resourceName } from './rest-path.ts'
import type { ApiObject } from './watch-event.ts'
import type { WatchNotices } from './watch-notices.ts'

/** The release of the Gateway API that this build is made for. */
export const supportedRelease = 'v1.7'

/** Which API server to look at, and who is told what it has. */
export interface DiscoveryOptions {
  readonly client: KubeClient
  /** Called when the facts were found out, and when they change. */
  readonly onFacts: (facts: CrdFacts) => void
  /** A CRD came or changed; its name is `<plural>.<group>`. It may not be served yet. */
  readonly onCrd: (name: string) => void
  readonly notices: WatchNotices
  readonly skew: { set(value: number): void }
  readonly logger: Logger
  readonly clusterRole: string
  readonly random?: (() => number) | undefined
}

interface CrdMarks {
  readonly bundleVersion: string | undefined
  readonly channel: string | undefined
}

const crdKind = { group: 'apiextensions.k8s.io', version: 'v1', plural: 'customresourcedefinitions' }
const groupPath = `/apis/${gatewayApiGroup}/v1`
/** A CRD is served some moments after it is there: looks become rarer after each change. */
const firstLookMs = 250
const lastLookMs = 10_000

const knownCrds: ReadonlySet<string> = new Set(kinds.filter(({ group }) => group.includes('.')).map(resourceName))

/** Looks until it is closed. */
export class Discovery {
  readonly #options: DiscoveryOptions
  readonly #reflector: Reflector
  /** By name of the CRD. */
  readonly #crds = new Map<string, CrdMarks>()
  #served: readonly string[] | undefined
  /** True once the CRDs were listed, or we know that we may not list them. */
  #hasMarks = false
  #facts: CrdFacts | undefined
  #pauseMs = firstLookMs
  #timer: NodeJS.Timeout | undefined
  #isLooking = false
  #isClosed = false

  constructor(options: DiscoveryOptions) {
    this.#options = options
    const { client, logger, random } = options
    this.#reflector = new Reflector({
      client,
      path: collectionPath(crdKind),
      isMetadataOnly: true,
      logger,
      random,
      sink: {
        upsert: (object) => this.#upsert(object),
        remove: (key) => this.#remove(key.slice(1)),
        state: (state) => this.#state(state),
      },
    })
  }

  start(): void {
    this.#reflector.start()
    void this.#look()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#reflector.close()
  }

  #upsert({ metadata }: ApiObject): void {
    if (!knownCrds.has(metadata.name)) return
    const annotations = isRecord(metadata.annotations) ? metadata.annotations : {}
    const bundleVersion = annotations[`${gatewayApiGroup}/bundle-version`]
    const channel = annotations[`${gatewayApiGroup}/channel`]
    this.#crds.set(metadata.name, {
      bundleVersion: typeof bundleVersion === 'string' ? bundleVersion : undefined,
      channel: typeof channel === 'string' ? channel : undefined,
    })
    this.#options.onCrd(metadata.name)
    this.#lookSoon()
  }

  #remove(name: string): void {
    if (this.#crds.delete(name)) this.#lookSoon()
  }

  #state(state: ReflectorState): void {
    // The watches of what is served tell of that.
    if (state.kind === 'failing' || (state.kind === 'refused' && state.error.status === 401)) return
    this.#hasMarks = true
    const { notices, clusterRole } = this.#options
    const isRefused = state.kind === 'refused'
    const refused = isRefused ? refusedNotice(resourceName(crdKind), state, clusterRole) : undefined
    notices.set('CustomResourceDefinition', refused, 'warning')
    this.#tell()
  }

  #lookSoon(): void {
    this.#pauseMs = firstLookMs
    if (!this.#isLooking) this.#schedule()
    this.#tell()
  }

  #schedule(): void {
    clearTimeout(this.#timer)
    if (this.#isClosed) return
    this.#timer = setTimeout(() => void this.#look(), this.#pauseMs)
    this.#pauseMs = Math.min(lastLookMs, this.#pauseMs * 2)
  }

  async #look(): Promise<void> {
    this.#isLooking = true
    try {
      const before = this.#served ?? []
      this.#served = servedKinds(await this.#options.client.send({ method: 'GET', path: groupPath }))
      this.#pokeNew(before)
    } catch (error) {
      if (error instanceof KubeError && error.status === 404) this.#served = []
      else this.#options.logger.debug({ err: error }, 'the kinds of the Gateway API cannot be looked up')
    }
    this.#isLooking = false
    this.#schedule()
    this.#tell()
  }

  #pokeNew(before: readonly string[]): void {
    for (const name of this.#served ?? []) {
      const kind = findKind(name)
      if (kind !== undefined && !before.includes(name)) this.#options.onCrd(resourceName(kind))
    }
  }

  #tell(): void {
    if (this.#isClosed || this.#served === undefined || !this.#hasMarks) return
    const facts = compileFacts(
      [...this.#crds].filter(([name]) => name.endsWith(`.${gatewayApiGroup}`)),
      this.#served,
    )
    if (structuralEqual(facts, this.#facts)) return
    this.#facts = facts
    const { bundleVersion = '', kinds: found, mixture } = facts
    // Who may not see the CRDs does not know their release.
    const isOther = this.#crds.size > 0 && found.length > 0 && !bundleVersion.startsWith(`${supportedRelease}.`)
    const isSkewed = isOther || mixture !== undefined
    this.#options.skew.set(isSkewed ? 1 : 0)
    this.#log(facts, isSkewed)
    this.#options.onFacts(facts)
  }

  #log(facts: CrdFacts, isSkewed: boolean): void {
    const { logger } = this.#options
    const fields = { ...facts, supported: supportedRelease }
    if (isSkewed) logger.warn(fields, 'the CRDs of the Gateway API are not those that this build is for')
    else if (facts.kinds.length === 0) logger.info(fields, 'the API server serves no kind of the Gateway API')
    else logger.info(fields, 'found the CRDs of the Gateway API')
  }
}

function compileFacts(crds: readonly (readonly [string, CrdMarks])[], served: readonly string[]): CrdFacts {
  const versions = crds.flatMap(([, { bundleVersion }]) => bundleVersion ?? []).sort(compareReleases)
  const channels = crds.flatMap(([, { channel }]) => channel ?? [])
  const isStandard = channels.some((channel) => channel !== 'experimental')
  return {
    bundleVersion: versions[0],
    channel: channels.length === 0 ? undefined : isStandard ? 'standard' : 'experimental',
    mixture: describeMixture(crds.map(([, marks]) => marks)),
    kinds: served,
  }
}

function describeMixture(crds: readonly CrdMarks[]): string | undefined {
  const counts = new Map<string, number>()
  for (const { bundleVersion = 'no release', channel = 'no channel' } of crds) {
    const mark = `${bundleVersion} ${channel}`
    counts.set(mark, (counts.get(mark) ?? 0) + 1)
  }
  if (counts.size < 2) return undefined
  const marks = [...counts.keys()].sort(compareStrings)
  return marks.map((mark) => `${counts.get(mark)} of ${mark}`).join(', ')
}

/** Oldest first: `v1.10.0` is newer than `v1.9.1`. */
function compareReleases(a: string, b: string): number {
  const [left, right] = [numbersOf(a), numbersOf(b)]
  for (let i = 0; i < 3; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0)
    if (difference !== 0) return difference
  }
  return compareStrings(a, b)
}

function numbersOf(release: string): readonly number[] {
  return (release.match(/\d+/g) ?? []).map(Number)
}

/** From an APIResourceList: kinds that we know, without subresources. */
function servedKinds(answer: unknown): readonly string[] {
  const resources = isRecord(answer) && Array.isArray(answer.resources) ? answer.resources : []
  const names = resources.flatMap((one: unknown) => {
    if (!isRecord(one) || typeof one.name !== 'string' || typeof one.kind !== 'string') return []
    return one.name.includes('/') || findKind(one.kind) === undefined ? [] : [one.kind]
  })
  return names.sort(compareStrings)
}
