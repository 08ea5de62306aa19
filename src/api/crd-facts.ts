import type { Channel } from './schema.ts'

/** What a cluster has of the CRDs of the Gateway API. */
export interface CrdFacts {
  /**
   * Annotation `gateway.networking.k8s.io/bundle-version`, as `v1.7.0`; the lowest where CRDs differ. Absent when no CRD
   * carries it, as where they are not installed at all.
   */
  readonly bundleVersion?: string | undefined
  /** Annotation `gateway.networking.k8s.io/channel`; `standard` where CRDs differ: what all of them have at least. */
  readonly channel?: Channel | undefined
  /**
   * How CRDs of the group differ from each other in release or channel, as `9 of v1.7.0 standard, 1 of v1.6.1 standard`:
   * an upgrade that stopped half-way. Absent where they do not.
   */
  readonly mixture?: string | undefined
  /** Kinds of the group that the API server serves in the version that we read, ordered by name. */
  readonly kinds: readonly string[]
}
