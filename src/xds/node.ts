import type { DeltaRequest } from '../envoy/discovery.ts'
import { ownerUidField } from '../envoy/node-metadata.ts'
import { err, ok, type Result } from '../lib/result.ts'

/** Who a client says it is. */
export interface NodeIdentity {
  readonly id: string
  /** `<namespace>/<name>` of the Gateway whose configuration it runs (node.cluster). */
  readonly gateway: string
  /** Name and version of the client's software, such as `envoy 1.40.0`; what one took, others of that version take. */
  readonly version: string
  /** Uid of the Gateway that it was made for, where it says so. */
  readonly ownerUid?: string | undefined
}

const gatewayForm = /^[^/|]+\/[^/|]+$/
/** Namespace and name of a pod or Gateway have 317 characters at most. */
const maxNameLength = 512
const maxVersionLength = 64

/** Reads the node of a first request. */
export function parseNode(node: DeltaRequest['node']): Result<NodeIdentity, string> {
  if (node === undefined) return err('the first request of a stream must carry a node')
  if (node.id === '') return err('node.id is empty; give every proxy an id of its own')
  if (node.id.length > maxNameLength) return err(`node.id may have ${maxNameLength} characters`)
  if (node.cluster.length > maxNameLength) return err(`node.cluster may have ${maxNameLength} characters`)
  if (!gatewayForm.test(node.cluster)) {
    return err(`node.cluster "${node.cluster}" must name a Gateway as <namespace>/<name>`)
  }
  const version = versionOf(node).slice(0, maxVersionLength)
  return ok({ id: node.id, gateway: node.cluster, version, ownerUid: ownerUidOf(node) })
}

function ownerUidOf({ metadata }: NonNullable<DeltaRequest['node']>): string | undefined {
  const fields = metadata?.fields ?? {}
  const uid = Object.hasOwn(fields, ownerUidField) ? fields[ownerUidField]?.stringValue : undefined
  return typeof uid === 'string' && uid !== '' ? uid.slice(0, maxVersionLength) : undefined
}

function versionOf(node: NonNullable<DeltaRequest['node']>): string {
  const name = node.userAgentName === '' ? 'unknown' : node.userAgentName
  const build = node.userAgentBuildVersion?.version
  if (build !== undefined && build !== null) {
    return `${name} ${build.majorNumber}.${build.minorNumber}.${build.patch}`
  }
  return node.userAgentVersion ? `${name} ${node.userAgentVersion}` : name
}
