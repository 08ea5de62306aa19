import { Reader } from 'protobufjs/minimal.js'
import type { NamedResource } from '../envoy/resource.ts'

/** envoy: Cluster.name, Cluster.type, Cluster.eds_cluster_config; EdsClusterConfig.service_name. */
const typeField = 2
const edsClusterConfigField = 3
const serviceNameField = 2
/** envoy: Cluster.DiscoveryType.EDS */
const edsType = 3

/**
 * The name that Envoy asks the endpoints of a cluster by; undefined for a cluster that does not use EDS. Reads two
 * fields of the encoded message and skips the rest.
 */
export function endpointsNameOf(cluster: NamedResource): string | undefined {
  const reader = Reader.create(cluster.bytes)
  let isEds = false
  let serviceName = ''
  while (reader.pos < reader.len) {
    const tag = reader.uint32()
    if (tag >>> 3 === typeField) isEds = reader.int32() === edsType
    else if (tag >>> 3 === edsClusterConfigField) serviceName = readServiceName(reader)
    else reader.skipType(tag & 7)
  }
  return isEds ? serviceName || cluster.name : undefined
}

function readServiceName(reader: Reader): string {
  const end = reader.uint32() + reader.pos
  let serviceName = ''
  while (reader.pos < end) {
    const tag = reader.uint32()
    if (tag >>> 3 === serviceNameField) serviceName = reader.string()
    else reader.skipType(tag & 7)
  }
  return serviceName
}
