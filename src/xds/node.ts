import type { DeltaRequest } from '../envoy/discovery.ts'
import { err, ok, type Result } from '../lib/result.ts'

/** Who a client says it is. */
export interface NodeIdentity {
  readonly id: string
  /** `<namespace>/<name>` of the Gateway whose configuration it runs (node.cluster). */
  readonly gateway: string
  /** Name and version of the client's software, such as `envoy 1.40.0`; what one took, others of that version take. */
  readonly version: string
}

const gatewayForm = /^[^/|]+\/[^/|]+$/

/** Reads the node of a first request. */
export function parseNode(node: DeltaRequest['node']): Result<NodeIdentity, string> {
  if (node === undefined) return err('the first request of a stream must carry a node')
  if (node.id === '') return err('node.id is empty; give every proxy an id of its own')
  if (!gatewayForm.test(node.cluster)) {
    return err(`node.cluster "${node.cluster}" must name a Gateway as <namespace>/<name>`)
  }
  return ok({ id: node.id, gateway: node.cluster, version: versionOf(node) })
}

function versionOf(node: NonNullable<DeltaRequest['node']>): string {
  const name = node.userAgentName === '' ? 'unknown' : node.userAgentName
  const build = node.userAgentBuildVersion?.version
  if (build !== undefined && build !== null) {
    return `${name} ${build.majorNumber}.${build.minorNumber}.${build.patch}`
  }
  return node.userAgentVersion ? `${name} ${node.userAgentVersion}` : name
}
