/**
 * The Kubernetes objects of one Gateway's fleet: what runs its proxies and leads traffic to them. Pure: equal input gives
 * equal objects.
 */
import { apiVersionOf } from '../api/kinds.ts'
import {
  type FleetKindName,
  fleetObjectsTable,
  type ManagedMetadata,
  type ManagedObject,
} from '../api/managed-kinds.ts'
import type { GatewayInfra } from '../ir/infra.ts'
import { fleetName, labelValue } from '../ir/names.ts'
import { must } from '../lib/assert.ts'
import { fleetFiles } from './fleet-files.ts'
import { podTemplate } from './fleet-pod.ts'
import { serviceSpec } from './fleet-service.ts'
import { effectiveSettings, type FleetSettings } from './fleet-settings.ts'

/** Labels that tell the objects of a fleet from all others; they select its pods too. */
export const fleetLabels = {
  gateway: 'gateway.networking.k8s.io/gateway-name',
  gatewayClass: 'gateway.networking.k8s.io/gateway-class-name',
  managedBy: 'app.kubernetes.io/managed-by',
} as const

/** Value of the label `managedBy` on everything we apply. */
export const managedBy = 'fairlead'

/** The objects of a fleet in the order of `fleetObjectsTable`; none for a Gateway that has no port to serve. */
export function renderFleet(infra: GatewayInfra, settings: FleetSettings): readonly ManagedObject[] {
  if (infra.ports.length === 0) return []
  const ours = effectiveSettings(settings, infra.parameters)
  const files = fleetFiles(infra, ours)
  const selector = { matchLabels: selectorOf(infra) }
  const { workload, replicas, service } = infra.parameters
  const template = podTemplate({ infra, settings: ours, files, selector, metadata: podMetadata(infra) })
  return [
    object(infra, 'ServiceAccount', { automountServiceAccountToken: false }),
    object(infra, 'ConfigMap', { data: files.contents }),
    object(infra, 'Service', { spec: serviceSpec(infra, selector.matchLabels) }, service.annotations),
    workload === 'Deployment' &&
      (replicas ?? 1) > 1 &&
      object(infra, 'PodDisruptionBudget', { spec: budget(selector) }),
    workload === 'Deployment' && object(infra, 'Deployment', { spec: deployment(replicas, selector, template) }),
    workload === 'DaemonSet' && object(infra, 'DaemonSet', { spec: daemonSet(selector, template) }),
  ].filter((rendered) => rendered !== false)
}

type Spec = Readonly<Record<string, unknown>>

function deployment(replicas: number | undefined, selector: Spec, template: Spec): Spec {
  return {
    ...(replicas === undefined ? {} : { replicas }),
    selector,
    strategy: { type: 'RollingUpdate', rollingUpdate: noGap },
    minReadySeconds,
    revisionHistoryLimit: 2,
    template,
  }
}

function daemonSet(selector: Spec, template: Spec): Spec {
  return {
    selector,
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: noGap },
    minReadySeconds,
    revisionHistoryLimit: 2,
    template,
  }
}

/** A proxy ends only when another one has taken its place. */
const noGap = { maxUnavailable: 0, maxSurge: '25%' }
/** Load balancers need time to hear of a new proxy before an old one may end. */
const minReadySeconds = 5

/** One proxy at a time; one that is not ready serves nobody and must not hold up a node's drain. */
function budget(selector: Spec): Spec {
  return { maxUnavailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow', selector }
}

function object(
  infra: GatewayInfra,
  kind: FleetKindName,
  content: Spec,
  annotations: Readonly<Record<string, string>> = {},
): ManagedObject {
  const managed = must(
    fleetObjectsTable.find((row) => row.kind === kind),
    `${kind} is not in fleetObjectsTable`,
  )
  return { apiVersion: apiVersionOf(managed), kind, metadata: metadataOf(infra, annotations), ...content }
}

/** `spec.infrastructure` of the Gateway is carried on, and cannot take over what we find objects by. */
function metadataOf(infra: GatewayInfra, annotations: Readonly<Record<string, string>>): ManagedMetadata {
  const { name, uid } = infra
  return {
    name: fleetName(name, infra.className),
    namespace: infra.namespace,
    labels: { ...infra.labels, ...selectorOf(infra) },
    ...nonEmpty({ ...annotations, ...infra.annotations }),
    ownerReferences: [
      {
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'Gateway',
        name,
        uid: must(uid, 'a Gateway of a cluster has a uid'),
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
  }
}

function nonEmpty(annotations: Readonly<Record<string, string>>): Pick<ManagedMetadata, 'annotations'> {
  return Object.keys(annotations).length === 0 ? {} : { annotations }
}

function podMetadata(infra: GatewayInfra): Pick<ManagedMetadata, 'labels' | 'annotations'> {
  return { labels: { ...infra.labels, ...selectorOf(infra) }, annotations: infra.annotations }
}

/** With the class: a Gateway that changes it gets another fleet, and the two must not take each other's pods. */
function selectorOf({ name, className }: GatewayInfra): Readonly<Record<string, string>> {
  return {
    [fleetLabels.gateway]: labelValue(name),
    [fleetLabels.gatewayClass]: labelValue(className),
    [fleetLabels.managedBy]: managedBy,
  }
}
