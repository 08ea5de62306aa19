/** Objects that tests are made of. */
import type { Manifest } from './api.ts'

/** apiVersion of the Gateway API. */
export const gatewayApi = 'gateway.networking.k8s.io/v1'
/** The class that an installation brings. */
export const className = 'fairlead'

type Labels = Readonly<Record<string, string>>

/** A namespace. */
export function namespaceObject(name: string, labels: Labels = {}): Manifest {
  const metadata = { name, labels }
  return { apiVersion: 'v1', kind: 'Namespace', metadata }
}

/** An application: pods that answer with what they were asked, and their Service on port 8080. */
export interface EchoApp {
  readonly namespace: string
  readonly name: string
  /** Default: 1. */
  readonly replicas?: number | undefined
  /** Seconds that a pod goes on serving after it was told to end: as long as others need to hear of it. Default: 3. */
  readonly lameSeconds?: number | undefined
}

/** The Service and the Deployment of an application. */
export function echoApp({ namespace, name, replicas = 1, lameSeconds = 3 }: EchoApp): readonly Manifest[] {
  const metadata = { name, namespace }
  const selector = { app: name }
  const container = {
    name: 'echo',
    image: 'registry.k8s.io/gateway-api/conformance/echo-basic:v0.1.0',
    env: [
      { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
      { name: 'SERVICE_NAME', value: name },
    ],
    ports: [{ name: 'http', containerPort: 3000 }],
    readinessProbe: { tcpSocket: { port: 'http' }, periodSeconds: 1 },
    lifecycle: { preStop: { sleep: { seconds: lameSeconds } } },
    resources: { requests: { cpu: '10m', memory: '16Mi' } },
  }
  const pod = { automountServiceAccountToken: false, terminationGracePeriodSeconds: 10, containers: [container] }
  const template = { metadata: { labels: selector }, spec: pod }
  const strategy = { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } }
  return [
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector, ports: [{ port: 8080, targetPort: 'http' }] } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: { replicas, strategy, selector: { matchLabels: selector }, template },
    },
  ]
}

/** A Gateway of our class with one HTTP listener on port 80 that everybody may use, unless `spec` says otherwise. */
export function gatewayObject(namespace: string, name: string, spec: Readonly<Record<string, unknown>> = {}): Manifest {
  const listeners = [{ name: 'http', port: 80, protocol: 'HTTP', allowedRoutes: { namespaces: { from: 'All' } } }]
  return {
    apiVersion: gatewayApi,
    kind: 'Gateway',
    metadata: { name, namespace },
    spec: { gatewayClassName: className, listeners, ...spec },
  }
}

/** A backend of a rule on port 8080. */
export interface Backend {
  readonly name: string
  readonly namespace?: string | undefined
  readonly weight?: number | undefined
}

/** A route of one rule without matches. */
export interface RouteFacts {
  readonly namespace: string
  readonly name: string
  readonly gateway: { readonly name: string; readonly namespace?: string | undefined }
  readonly hostname: string
  readonly backends: readonly Backend[]
}

/** An HTTPRoute of one rule. */
export function routeObject({ namespace, name, gateway, hostname, backends }: RouteFacts): Manifest {
  const rules = [{ backendRefs: backends.map((backend) => ({ ...backend, port: 8080 })) }]
  return {
    apiVersion: gatewayApi,
    kind: 'HTTPRoute',
    metadata: { name, namespace },
    spec: { parentRefs: [gateway], hostnames: [hostname], rules },
  }
}

/** A Secret of type kubernetes.io/tls. */
export function tlsSecret(
  namespace: string,
  name: string,
  { chain, key }: { readonly chain: string; readonly key: string },
): Manifest {
  const stringData = { 'tls.crt': chain, 'tls.key': key }
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, type: 'kubernetes.io/tls', stringData }
}
