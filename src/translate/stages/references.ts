/** Stage 1: what routes and listeners refer to, each reduced to what its referrers depend on. */
import type { Collection } from '../../graph/collection.ts'
import type { Graph } from '../../graph/graph.ts'
import { type GrantIndex, grantKeys } from '../attach/grants.ts'
import { type ServicePorts, servicePorts } from '../backends/service.ts'
import type { Inputs } from '../contract.ts'
import { type CertificateCheck, checkCertificate } from '../gateway/tls.ts'

/** What others refer to: grants, Services, namespaces, certificates; each reduced to what referrers depend on. */
export interface References {
  readonly grants: GrantIndex
  readonly servicePorts: Collection<ServicePorts>
  readonly namespaceLabels: Collection<Readonly<Record<string, string>>>
  readonly certificates: Collection<CertificateCheck>
  readonly secretProblems: Collection<string>
}

/** Adds the collections that references are resolved in. */
export function buildReferences(graph: Graph, inputs: Inputs): References {
  return {
    secretProblems: inputs.secretProblems,
    grants: graph.index('grants', inputs.referenceGrants, grantKeys),
    servicePorts: graph.derive('servicePorts', inputs.services, (_read, service, key) => [
      [key, servicePorts(service)],
    ]),
    namespaceLabels: graph.derive('namespaceLabels', inputs.namespaces, (_read, { metadata }, key) => [
      [key, metadata.labels ?? {}],
    ]),
    certificates: graph.derive('certificates', inputs.secrets, (_read, secret, key) => [
      [key, checkCertificate(secret)],
    ]),
  }
}
