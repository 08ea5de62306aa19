/** The patterns of the schemas: RE2 in the API server, JavaScript's backtracking expressions here. */

/**
 * Patterns that a backtracking engine takes exponential time for, and an equal one that is linear. In both halves a
 * value is printable ASCII words parted by single blanks or tabs.
 */
const linearForm: Readonly<Record<string, string>> = {
  '^[!-~]+([\\t ]?[!-~]+)*$': '^[!-~]+(?:[\\t ][!-~]+)*$',
}

const words: Readonly<Record<string, string>> = {
  '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$':
    'a DNS name: lower-case letters, digits and "-", parted by ".", such as shop.example.com',
  '^(\\*\\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$':
    'a DNS name in lower case, perhaps with a leading "*.", such as shop.example.com or *.example.com',
  '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$': 'lower-case letters, digits and "-" inside, such as shop-1',
  '^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$':
    'an API group such as gateway.networking.k8s.io, or "" for core kinds (without the version)',
  '^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$': 'the name of a kind, such as Service',
  "^[A-Za-z0-9!#$%&'*+\\-.^_\\x60|~]+$": "the name of a header: letters, digits and !#$%&'*+-.^_`|~",
  '^[!-~]+([\\t ]?[!-~]+)*$': 'printable ASCII with single blanks inside and none at the ends',
  '^([0-9]{1,5}(h|m|s|ms)){1,4}$': 'a duration such as 1m30s or 500ms: numbers with a unit h, m, s or ms',
  "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\\/[A-Za-z0-9\\/\\-._~%!$&'()*+,;=:]+$":
    'a domain and a path, such as example.com/gateway-controller',
  '(^\\*$)|(^(http(s)?):\\/\\/(((\\*\\.)?([a-zA-Z0-9\\-]+\\.)*[a-zA-Z0-9-]+|\\*)(:([0-9]{1,5}))?)$)':
    'an origin without a path, such as https://shop.example.com or https://*.example.com:8443, or "*" for every one',
  '^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\\/[A-Za-z0-9]+$':
    'a protocol: HTTP, HTTPS, TLS, TCP or UDP',
  "^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$":
    'a path; anything but letters, digits and plain signs as %XX',
  "^Hostname|IPAddress|NamedAddress|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\\/[A-Za-z0-9\\/\\-._~%!$&'()*+,;=:]+$":
    'a type of address: IPAddress, Hostname or NamedAddress',
  '^(System|([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]))$':
    'System, or a domain and a name, such as example.com/roots',
  '^(([^:/?#]+):)(//([^/?#]*))([^?#]*)(\\?([^#]*))?(#(.*))?': 'an absolute URI such as spiffe://example.org/shop',
}

/** The pattern as a JavaScript expression that runs in time linear in the text (times its maxLength at worst). */
export function compilePattern(source: string): RegExp {
  return new RegExp(linearForm[source] ?? source, 'u')
}

/** What a pattern asks for, in words. */
export function describePattern(source: string): string {
  return words[source] ?? `text that matches ${source}`
}
