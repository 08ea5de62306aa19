/** Objects that Gateways and their classes name and that are fetched one by one: their kinds are too many to be watched. */
import type { Collection, Reader } from '../../graph/collection.ts'
import type { Graph } from '../../graph/graph.ts'
import type { Gateway } from '../../api/gen/types.ts'
import { isGranted } from '../attach/grants.ts'
import type { Inputs, WantedObject } from '../contract.ts'
import type { Gateways } from './gateways.ts'
import type { References } from './references.ts'

/** By `<Kind>/<namespace>/<name>`; each once, however many name it. */
export function buildWanted(
  graph: Graph,
  inputs: Inputs,
  gateways: Gateways,
  references: References,
): Collection<WantedObject> {
  const byClass = graph.derive('wantedByClass', gateways.classes, (_read, { spec: { parametersRef } }, key) =>
    parametersRef?.group === '' && parametersRef.kind === 'ConfigMap' && parametersRef.namespace !== undefined
      ? [wantedEntry(`GatewayClass//${key}`, 'ConfigMap', parametersRef.namespace, parametersRef.name)]
      : [],
  )
  const byGateway = graph.derive('wantedByGateway', inputs.gateways, (read, gateway, key) =>
    read.has(gateways.gateways, key)
      ? [...parametersOf(gateway), ...certificatesOf(read, references, gateway)].map(({ kind, namespace, name }) =>
          wantedEntry(`Gateway/${key}`, kind, namespace, name),
        )
      : [],
  )
  const byObject = graph.index('wantedBy', graph.join('wantedRefs', [byClass, byGateway]), (wanted) => [
    `${wanted.kind}/${wanted.namespace}/${wanted.name}`,
  ])
  return graph.derive('wanted', byObject.groups, (_read, members, key) =>
    members.slice(0, 1).map(({ value }) => [key, value]),
  )
}

function wantedEntry(
  by: string,
  kind: WantedObject['kind'],
  namespace: string,
  name: string,
): readonly [string, WantedObject] {
  return [`${by}|${kind}/${namespace}/${name}`, { kind, namespace, name }]
}

function parametersOf({ metadata: { namespace }, spec }: Gateway): readonly WantedObject[] {
  const reference = spec.infrastructure?.parametersRef
  return reference?.group === '' && reference.kind === 'ConfigMap'
    ? [{ kind: 'ConfigMap', namespace, name: reference.name }]
    : []
}

/** A Secret that no grant opens is not asked for: whether it exists is not the Gateway's to know. */
function certificatesOf(read: Reader, { grants }: References, gateway: Gateway): readonly WantedObject[] {
  const { namespace } = gateway.metadata
  const from = { group: 'gateway.networking.k8s.io', kind: 'Gateway', namespace }
  const secrets = gateway.spec.listeners
    .flatMap(({ protocol, tls }) => (protocol === 'HTTPS' ? (tls?.certificateRefs ?? []) : []))
    .filter(({ group, kind }) => group === '' && kind === 'Secret')
    .map((reference) => ({ namespace: reference.namespace ?? namespace, name: reference.name }))
  const unique = new Map(secrets.map((secret) => [`${secret.namespace}/${secret.name}`, secret]))
  return [...unique.values()].flatMap((secret): WantedObject[] =>
    isGranted(read, grants, { from, to: { group: '', kind: 'Secret', ...secret } })
      ? [{ kind: 'Secret', ...secret }]
      : [],
  )
}
