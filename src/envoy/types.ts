/** The kinds of resource that Fairlead serves over ADS. */
export type XdsType = 'listener' | 'scoped-route' | 'route' | 'cluster' | 'endpoint' | 'secret'

/** Full name of the message that a resource of each kind is. */
export const MESSAGE_NAMES = {
  /** LDS */
  listener: 'envoy.config.listener.v3.Listener',
  /** SRDS; its route configuration is inline */
  'scoped-route': 'envoy.config.route.v3.ScopedRouteConfiguration',
  /** RDS */
  route: 'envoy.config.route.v3.RouteConfiguration',
  /** CDS */
  cluster: 'envoy.config.cluster.v3.Cluster',
  /** EDS */
  endpoint: 'envoy.config.endpoint.v3.ClusterLoadAssignment',
  /** SDS */
  secret: 'envoy.extensions.transport_sockets.tls.v3.Secret',
} as const satisfies Readonly<Record<XdsType, string>>

/** Every kind, in the order in which additions are sent: what is referred to comes before what refers to it. */
export const XDS_TYPES: readonly XdsType[] = ['secret', 'cluster', 'endpoint', 'listener', 'scoped-route', 'route']

const URL_PREFIX = 'type.googleapis.com/'

/** The type URL of a message, as an Any carries it. */
export function typeUrlOf(messageName: string): string {
  return URL_PREFIX + messageName
}

/** The full message name in a type URL: what follows the last slash. */
export function messageNameOf(typeUrl: string): string {
  return typeUrl.slice(typeUrl.lastIndexOf('/') + 1)
}

const TYPE_URLS: ReadonlyMap<XdsType, string> = new Map(XDS_TYPES.map((type) => [type, typeUrlOf(MESSAGE_NAMES[type])]))
const BY_URL: ReadonlyMap<string, XdsType> = new Map(XDS_TYPES.map((type) => [typeUrlOf(MESSAGE_NAMES[type]), type]))

/** The type URL of a kind of resource, as discovery requests and responses carry it. */
export function xdsTypeUrl(type: XdsType): string {
  return TYPE_URLS.get(type) ?? typeUrlOf(MESSAGE_NAMES[type])
}

/** The kind of resource that a discovery request asks for; undefined for one that Fairlead does not serve. */
export function xdsTypeOfUrl(typeUrl: string): XdsType | undefined {
  return BY_URL.get(typeUrl)
}
