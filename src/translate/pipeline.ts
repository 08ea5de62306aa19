/**
 * The collections from objects to Envoy resources and statuses, in order. What is built here is the graph; every rule
 * lives in the file that a stage calls.
 */
import type { Graph } from '../graph/graph.ts'
import type { Inputs, Outputs } from './contract.ts'
import { buildEndpoints } from './stages/endpoints.ts'
import { buildGateways, buildInfra } from './stages/gateways.ts'
import { buildHostResources, buildHosts, buildSoleHosts } from './stages/hosts.ts'
import { buildReferences } from './stages/references.ts'
import { buildClusterResources, buildListenerResources, buildSecretResources } from './stages/resources.ts'
import { buildRoutes } from './stages/routes.ts'
import { buildStatuses } from './stages/statuses.ts'
import { buildWanted } from './stages/wanted.ts'

/** Adds the whole translation to a graph; nothing runs until the graph ticks. */
export function buildPipeline(graph: Graph, inputs: Inputs): Outputs {
  const references = buildReferences(graph, inputs)
  const gateways = buildGateways(graph, inputs, references)
  const routes = buildRoutes(graph, inputs, references, gateways)
  const hosts = buildHosts(graph, gateways, routes)
  const clusters = buildClusterResources(graph, routes, references, gateways.parameters)
  const resources = graph.join('resources', [
    buildListenerResources(graph, inputs, gateways, buildSoleHosts(graph, hosts)),
    buildHostResources(graph, gateways, hosts),
    clusters.resources,
    buildSecretResources(graph, gateways, references),
  ])
  const endpoints = buildEndpoints(graph, inputs, clusters.unitsByCluster)
  return {
    resources,
    endpoints: endpoints.resources,
    statuses: buildStatuses(graph, inputs, gateways, routes),
    notices: graph.join('notices', [endpoints.notices, gateways.notices, routes.notices]),
    infra: buildInfra(graph, gateways),
    wanted: buildWanted(graph, inputs, gateways, references),
  }
}
