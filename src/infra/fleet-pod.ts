/** The pods of a fleet: one container, Envoy. */
import type { ManagedMetadata } from '../api/managed-kinds.ts'
import type { Placement } from '../ir/fleet.ts'
import type { GatewayInfra } from '../ir/infra.ts'
import { fleetName } from '../ir/names.ts'
import { hashContent } from '../lib/hash.ts'
import { type FleetFiles, fleetPaths } from './fleet-files.ts'
import { type FleetSettings, tokenAudience } from './fleet-settings.ts'
import { drainHeader, healthPaths } from './health-listener.ts'

type Spec = Readonly<Record<string, unknown>>

/** What a pod template is made of. */
export interface PodFacts {
  readonly infra: GatewayInfra
  /** Of this Gateway already. */
  readonly settings: FleetSettings
  readonly files: FleetFiles
  readonly selector: Spec
  readonly metadata: Pick<ManagedMetadata, 'labels' | 'annotations'>
}

/** Annotation with the hash of the files: other files, other pods. */
export const configHashAnnotation = 'fairlead.dev/config-hash'

/** The user of the container: one that no image and no node gives a meaning to. */
const userId = 65_532
/** Seconds after the drain until the kubelet kills what still runs. */
const killMarginSeconds = 10

/**
 * The pod template. It holds no port of a listener: adding one must not replace the proxies. Meets the restricted pod
 * security standard.
 */
export function podTemplate(facts: PodFacts): Spec {
  const { infra, settings, files, metadata } = facts
  const { placement, workload } = infra.parameters
  return {
    metadata: {
      labels: metadata.labels,
      annotations: {
        ...scraped(files.healthPort),
        ...metadata.annotations,
        [configHashAnnotation]: hashContent(JSON.stringify(files.contents)),
      },
    },
    spec: {
      serviceAccountName: fleetName(infra.name, infra.className),
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: userId,
        runAsGroup: userId,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      terminationGracePeriodSeconds: settings.drainSeconds + killMarginSeconds,
      ...placed(placement, workload === 'Deployment' ? spread(facts.selector) : []),
      containers: [container(facts)],
      volumes: [
        { name: 'config', configMap: { name: fleetName(infra.name, infra.className) } },
        ...(settings.xds.tls ? [{ name: 'token', projected: { sources: [token] } }] : []),
      ],
    },
  }
}

function container({ settings, files }: PodFacts): Spec {
  const { image, concurrency, resources, xds } = settings
  return {
    name: 'envoy',
    image,
    args: [
      ...['--config-path', fleetPaths.bootstrap, '--service-node', '$(POD_NAMESPACE)/$(POD_NAME)'],
      ...['--concurrency', String(concurrency), '--disable-hot-restart', '--log-level', 'warning'],
      // A connection of a replaced listener is closed with its next answer: what it is routed by is old.
      ...['--drain-strategy', 'immediate'],
    ],
    env: [fromField('POD_NAME', 'metadata.name'), fromField('POD_NAMESPACE', 'metadata.namespace')],
    ports: [{ name: 'health', containerPort: files.healthPort, protocol: 'TCP' }],
    resources,
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
    },
    ...probes(files),
    volumeMounts: [
      { name: 'config', mountPath: fleetPaths.config, readOnly: true },
      ...(xds.tls ? [{ name: 'token', mountPath: fleetPaths.tokenFolder, readOnly: true }] : []),
    ],
  }
}

/**
 * Ready when everything for the first requests has come. No liveness probe: one that fails under load makes it worse.
 * The start-up probe never gives up within an hour: starting again brings no control plane back.
 */
function probes({ healthPort, drainToken }: FleetFiles): Spec {
  const ready = { path: healthPaths.ready, port: healthPort, scheme: 'HTTP' }
  return {
    startupProbe: { httpGet: ready, periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 3600 },
    readinessProbe: { httpGet: ready, periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 3 },
    lifecycle: {
      preStop: {
        httpGet: {
          path: healthPaths.drain,
          port: healthPort,
          scheme: 'HTTP',
          httpHeaders: [{ name: drainHeader, value: drainToken }],
        },
      },
    },
  }
}

function placed(placement: Placement, defaultSpread: readonly Spec[]): Spec {
  const { nodeSelector, tolerations, affinity, topologySpreadConstraints, priorityClassName } = placement
  const constraints = topologySpreadConstraints ?? defaultSpread
  return {
    nodeSelector: { 'kubernetes.io/os': 'linux', ...nodeSelector },
    ...(tolerations && { tolerations }),
    ...(affinity && { affinity }),
    ...(constraints.length > 0 && { topologySpreadConstraints: constraints }),
    ...(priorityClassName !== undefined && { priorityClassName }),
  }
}

/** Over nodes and zones where that can be had; of each roll-out by itself, or the new pods would go where few old are. */
function spread(labelSelector: Spec): readonly Spec[] {
  return ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map((topologyKey) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector,
    matchLabelKeys: ['pod-template-hash'],
  }))
}

function scraped(port: number): Readonly<Record<string, string>> {
  return {
    'prometheus.io/scrape': 'true',
    'prometheus.io/port': String(port),
    'prometheus.io/path': healthPaths.metrics,
  }
}

/** Of the pod, for the control plane alone: it is worth nothing at the API server. */
const token = { serviceAccountToken: { path: 'token', audience: tokenAudience, expirationSeconds: 3600 } }

function fromField(name: string, fieldPath: string): Spec {
  return { name, valueFrom: { fieldRef: { fieldPath } } }
}
