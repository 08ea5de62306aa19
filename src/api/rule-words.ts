/**
 * What we say about each rule of the Gateway API that an object breaks. The rules are found by the message that their
 * CustomResourceDefinition carries. `{field}` stands for the quoted value of a field of the node, or of the item of the
 * list that breaks the rule; `{}` for the node or item itself, `{items}` for which items they are.
 */

/** What is wrong, and what to do. */
export type RuleWords = readonly [message: string, remedy: string]

/** Our words for a rule; undefined for a rule that we do not know. */
export function wordsOf(message: string): RuleWords | undefined {
  const exact = words.get(message)
  if (exact !== undefined) return exact
  for (const [form, make] of forms) {
    const match = form.exec(message)
    if (match !== null) return make(match[1] ?? '', match[2] ?? '')
  }
  return undefined
}

const dnsName = 'lower-case letters, digits and "-", parted by "."'

const parents = 'the same Gateway or Service is named'

const matchesOfPrefix: RuleWords = [
  'replacePrefixMatch replaces what the path of the match says, but the rule has not exactly one match with a path of type PathPrefix',
  'give the rule one match with path type PathPrefix, or use type: ReplaceFullPath',
]

const words: ReadonlyMap<string, RuleWords> = new Map<string, RuleWords>([
  // References to parents and targets
  [
    'sectionName must be specified when targetRefs includes 2 or more references to the same target',
    ['{items} name the same target, one with a sectionName and one without', 'give each of them a sectionName'],
  ],
  [
    'sectionName must be unique when targetRefs includes 2 or more references to the same target',
    ['{items} name the same target and the same section', 'remove all but one'],
  ],
  [
    'sectionName must be specified when parentRefs includes 2 or more references to the same parent',
    [`{items}: ${parents} with a sectionName and without`, 'give each of them a sectionName, or keep one'],
  ],
  [
    'sectionName must be unique when parentRefs includes 2 or more references to the same parent',
    [`{items}: ${parents} twice with the same sectionName`, 'remove all but one'],
  ],
  [
    'sectionName or port must be specified when parentRefs includes 2 or more references to the same parent',
    [
      `{items}: ${parents}, once with a sectionName or port and once without`,
      'give all of them a sectionName (or all a port), or keep only the one without',
    ],
  ],
  [
    'sectionName or port must be unique when parentRefs includes 2 or more references to the same parent',
    [`{items}: ${parents} twice with the same sectionName and port`, 'remove all but one'],
  ],
  [
    'Must have port for Service reference',
    ['Service {name} is named without a port', 'add port: the port of the Service, not of its pods'],
  ],
  ['Must not have port for Backend reference', ['an XBackend has its own port', 'remove port']],
  [
    'ClusterTrustBundle references must not specify namespace',
    ['{items}: a ClusterTrustBundle is in no namespace', 'remove namespace'],
  ],
  // Routes
  [
    'While 16 rules and 64 matches per rule are allowed, the total number of matches across all rules in a route must be less than 128',
    ['the rules have more than 128 matches together', 'split the route in two'],
  ],
  ['Rule name must be unique within the route', ['{items} have the same name {name}', 'rename one of them']],
  [
    "One or both of 'service' or 'method' must be specified",
    ['names neither service nor method', 'add one of them, or remove the match to match every method'],
  ],
  [
    'service must only contain valid characters (matching ^(?i)\\.?[a-z_][a-z_0-9]*(\\.[a-z_][a-z_0-9]*)*$)',
    [
      '{service} is no name of a gRPC service',
      'write the package and the service, such as shop.v1.Orders; the method stands in method',
    ],
  ],
  [
    'method must only contain valid characters (matching ^[A-Za-z_][A-Za-z_0-9]*$)',
    ['{method} is no name of a gRPC method', 'write the name alone, such as GetOrder'],
  ],
  [
    "value must be an absolute path and start with '/' when type one of ['Exact', 'PathPrefix']",
    ['path {value} does not start with "/"', 'put a "/" in front; a regular expression needs type: RegularExpression'],
  ],
  [
    "type must be one of ['Exact', 'PathPrefix', 'RegularExpression']",
    ['{type} is no way to match a path', 'use Exact, PathPrefix or RegularExpression'],
  ],
  [
    "must only contain valid characters (matching ^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$) for types ['Exact', 'PathPrefix']",
    [
      'path {value} has characters that a path cannot have',
      'write them as %XX; "*" and "{id}" are no placeholders: use type: RegularExpression for those; queries belong into queryParams',
    ],
  ],
  [
    'RequestRedirect filter must not be used together with backendRefs',
    ['the rule redirects and has backendRefs too, which would never be used', 'remove backendRefs or the redirect'],
  ],
  [
    'When using RequestRedirect filter with path.replacePrefixMatch, exactly one PathPrefix match must be specified',
    matchesOfPrefix,
  ],
  [
    'When using URLRewrite filter with path.replacePrefixMatch, exactly one PathPrefix match must be specified',
    matchesOfPrefix,
  ],
  [
    'Within backendRefs, when using RequestRedirect filter with path.replacePrefixMatch, exactly one PathPrefix match must be specified',
    matchesOfPrefix,
  ],
  [
    'Within backendRefs, When using URLRewrite filter with path.replacePrefixMatch, exactly one PathPrefix match must be specified',
    matchesOfPrefix,
  ],
  [
    'May specify either httpRouteFilterRequestRedirect or httpRouteFilterRequestRewrite, but not both',
    ['a request cannot be redirected and rewritten', 'keep RequestRedirect or URLRewrite, or use two rules'],
  ],
  [
    'Only one of percent or fraction may be specified in HTTPRequestMirrorFilter',
    ['percent and fraction both say how much is mirrored', 'remove one of them'],
  ],
  [
    'numerator must be less than or equal to denominator',
    ['the fraction {numerator} of {denominator} is more than all', 'correct numerator or denominator'],
  ],
  [
    'backendRequest timeout cannot be longer than request timeout',
    [
      'backendRequest {backendRequest} is longer than request {request}, of which it is a part',
      'shorten backendRequest or lengthen request; "0s" means no limit',
    ],
  ],
  [
    'Hostnames cannot contain an IP',
    ['{items}: {} is an IP address, not a name', 'name a host; a route without hostnames serves all of its listener'],
  ],
  ['Hostnames must be valid based on RFC-1123', ['{items}: {} is no DNS name', `use ${dnsName}`]],
  [
    'Wildcards on hostnames must be the first label, and the rest of hostname must be valid based on RFC-1123',
    ['{items}: "*" in {} is not a first label of its own', 'write *. and a DNS name, such as *.example.com'],
  ],
  // Session persistence
  [
    'AbsoluteTimeout must be specified when cookie lifetimeType is Permanent',
    ['a permanent cookie needs the time after which it ends', 'add absoluteTimeout, or use lifetimeType: Session'],
  ],
  // External authorisation
  ["grpc must be specified when protocol is set to 'GRPC'", ['protocol is GRPC, but grpc is missing', 'add grpc: {}']],
  ["protocol must be 'GRPC' when grpc is set", ['grpc is set, but protocol is {protocol}', 'remove grpc']],
  ["http must be specified when protocol is set to 'HTTP'", ['protocol is HTTP, but http is missing', 'add http: {}']],
  ["protocol must be 'HTTP' when http is set", ['http is set, but protocol is {protocol}', 'remove http']],
  // Gateways
  [
    "tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']",
    ['{items}: tls is set on a listener of protocol {protocol}', 'use protocol: HTTPS or TLS, or remove tls'],
  ],
  [
    'tls mode must be Terminate for protocol HTTPS',
    ['{items}: HTTPS is always terminated here', 'use mode: Terminate, or protocol: TLS to pass it through'],
  ],
  [
    'tls mode must be set for protocol TLS',
    ['{items}: a listener of protocol TLS needs tls with a mode', 'add tls.mode: Terminate or Passthrough'],
  ],
  [
    "hostname must not be specified for protocols ['TCP', 'UDP']",
    ['{items}: {protocol} knows no host, so {hostname} cannot be told apart', 'remove hostname'],
  ],
  ['Listener name must be unique within the Gateway', ['{items} have the same name {name}', 'rename one of them']],
  [
    'Combination of port, protocol and hostname must be unique for each listener',
    ['{items} have the same port, protocol and hostname', 'change one of them, or remove one listener'],
  ],
  [
    'certificateRefs or options must be specified when mode is Terminate',
    ['TLS ends here, but there is no certificate', 'add certificateRefs: a Secret of type kubernetes.io/tls'],
  ],
  [
    'Port for TLS configuration must be unique within the Gateway',
    ['{items} are for the same port {port}', 'keep one of them'],
  ],
  [
    'Routability must be empty, Cluster, or an implementation-specific prefixed path; k8s.io and its subdomains are reserved',
    ['{} is no kind of routability', 'use Cluster, or one with a domain of your own such as example.com/private'],
  ],
  ['field is immutable', ['cannot change from {old} to {}', 'delete the object and create it anew']],
  // Addresses
  ['IPAddress values must be unique', ['{items} are the same address {value}', 'keep one of them']],
  ['Hostname values must be unique', ['{items} are the same host {value}', 'keep one of them']],
  // Certificates of backends
  [
    'must not contain both CACertificateRefs and WellKnownCACertificates',
    ['caCertificateRefs and wellKnownCACertificates both say whom to trust', 'remove one of them'],
  ],
  [
    'must specify either CACertificateRefs or WellKnownCACertificates',
    ['nothing says which certificates to trust', 'add caCertificateRefs, or wellKnownCACertificates: System'],
  ],
  [
    'exactly one of the fields in [caCertificateRefs wellKnownCACertificates] must be set',
    ['exactly one of caCertificateRefs and wellKnownCACertificates has to be set', 'add one or remove one'],
  ],
  [
    'SubjectAltName element must contain Hostname, if Type is set to Hostname',
    ['type is Hostname, but hostname is missing', 'add hostname'],
  ],
  [
    'SubjectAltName element must not contain Hostname, if Type is not set to Hostname',
    ['hostname is set, but type is {type}', 'remove hostname, or use type: Hostname'],
  ],
  ['SubjectAltName element must contain URI, if Type is set to URI', ['type is URI, but uri is missing', 'add uri']],
  [
    'SubjectAltName element must not contain URI, if Type is not set to URI',
    ['uri is set, but type is {type}', 'remove uri, or use type: URI'],
  ],
  ['filters may only be set when protocol is HTTP or HTTPS', ['protocol {protocol} has no filters', 'remove filters']],
])

/** Several rules with words of one form. */
const forms: readonly (readonly [RegExp, (first: string, second: string) => RuleWords])[] = [
  [
    /^filter\.(\w+) must be nil if the filter\.type is not (\w+)$/,
    (field, type) => [`${field} is set, but type is {type}`, `remove ${field}, or use type: ${type}`],
  ],
  [
    /^filter\.(\w+) must be specified for (\w+) filter\.type$/,
    (field, type) => [`type is ${type}, but ${field} is missing`, `add ${field}, or correct the type`],
  ],
  [
    /^(\w+) filter cannot be repeated$/,
    (type) => [`there are several filters of type ${type}`, 'make them one, or use two rules'],
  ],
  [
    /^(cookie|header) must be nil if type is not (\w+)$/,
    (field, type) => [`${field} is set, but type is {type}`, `remove ${field}, or use type: ${type}`],
  ],
  [
    /^(cookie|header) must be specified for (\w+) type$/,
    (field, type) => [`type is ${type}, but ${field} is missing`, `add ${field}, or use another type`],
  ],
  [
    /^Allow(\w+) cannot contain '\*' alongside other \w+$/,
    () => ['"*" stands for all, so nothing can stand beside it', 'keep "*" alone, or remove it'],
  ],
  [
    /^(replace\w+) must be specified when type is set to '(\w+)'$/,
    (field, type) => [`type is ${type}, but ${field} is missing`, `add ${field}, or use the other type`],
  ],
  [
    /^type must be '(\w+)' when (replace\w+) is set$/,
    (type, field) => [`${field} is set, but type is {type}`, `remove ${field}, or use type: ${type}`],
  ],
  [
    /^must not (?:contain|end with) '(\/.*|%2[fF]|#)' when type one of \['Exact', 'PathPrefix'\]$/,
    (part) => [
      `path {value} has ${JSON.stringify(part)}, which no request has after its path was made plain`,
      'write the plain path, or use type: RegularExpression',
    ],
  ],
  [
    /^Hostname value must (?:be empty or contain only|only contain) valid characters/,
    () => ['{value} is no DNS name', `use ${dnsName}, perhaps with a leading "*."`],
  ],
  [
    /^(Annotation|Label) keys must be in the form/,
    () => ['{items}: {} is no valid key', 'use name or prefix/name: at most 63 letters, digits, "-", "_" and "."'],
  ],
  [
    /^If specified, the (annotation|label) key's prefix/,
    () => ['{items}: the part of {} before "/" is too long', 'shorten it to at most 252 characters'],
  ],
]
