/** Objects that are refused by their structure, and those that are just as large as is allowed. */
import { type BadCase, filter, gatewayApi, match, repeat, route, rule, secret, toA } from './bad-objects.ts'

const longName = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`

/** Refused by parsing, or not at all. */
export const badStructure: readonly BadCase[] = [
  { what: 'a name of 253 characters', objects: [{ ...route('x', {}), metadata: { name: longName } }], says: [] },
  {
    what: 'a name of 254 characters',
    objects: [{ ...route('x', {}), metadata: { name: `${longName}d` } }],
    says: [
      'metadata.name: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbb… has 254 characters, 253 are allowed; shorten it',
    ],
  },
  { what: 'a hostname of 253 characters', objects: [route('bad', { hostnames: [longName] })], says: [] },
  {
    what: 'a hostname of 254 characters',
    objects: [route('bad', { hostnames: [`${longName}d`] })],
    says: ['spec.hostnames[0]: has 254 characters, 253 are allowed; shorten it'],
  },
  {
    what: '16 rules of 8 matches',
    objects: [
      route('bad', {
        rules: repeat(16, (one) => ({
          matches: repeat(8, (two) => ({ path: { value: `/${one}/${two}` } })),
          backendRefs: [toA],
        })),
      }),
    ],
    says: [],
  },
  {
    what: '10,000 rules',
    objects: [route('bad', { rules: repeat(10_000, (one) => ({ matches: [{ path: { value: `/${one}` } }] })) })],
    says: ['spec.rules: has 10000 items, 16 are allowed; remove items or split the object'],
  },
  {
    what: '10,000 hostnames',
    objects: [route('bad', { hostnames: repeat(10_000, (one) => `${one}.com`) })],
    says: ['spec.hostnames: has 10000 items, 16 are allowed; remove items or split the object'],
  },
  {
    what: 'a path of 2,000 characters',
    objects: [match({ path: { value: `/${'x'.repeat(2000)}` } })],
    says: ['spec.rules[0].matches[0].path.value: has 2001 characters, 1024 are allowed; shorten it'],
  },
  {
    what: 'a regular expression of 5,000 characters',
    objects: [match({ path: { type: 'RegularExpression', value: `/${'x'.repeat(5000)}` } })],
    says: ['spec.rules[0].matches[0].path.value: has 5001 characters, 1024 are allowed; shorten it'],
  },
  {
    what: 'a header name with a space',
    objects: [match({ headers: [{ name: 'x y', value: '1' }] })],
    says: [
      `spec.rules[0].matches[0].headers[0].name: "x y" is not allowed here; write the name of a header: letters, digits and !#$%&'*+-.^_\`|~`,
    ],
  },
  {
    what: 'a header name that begins with a colon',
    objects: [match({ headers: [{ name: ':path', value: '/' }] })],
    says: [
      `spec.rules[0].matches[0].headers[0].name: ":path" is not allowed here; write the name of a header: letters, digits and !#$%&'*+-.^_\`|~`,
    ],
  },
  {
    what: 'a query parameter with a space',
    objects: [match({ queryParams: [{ name: 'x y', value: '1' }] })],
    says: [
      `spec.rules[0].matches[0].queryParams[0].name: "x y" is not allowed here; write the name of a header: letters, digits and !#$%&'*+-.^_\`|~`,
    ],
  },
  {
    what: 'a method that does not exist',
    objects: [match({ method: 'FETCH' })],
    says: [
      'spec.rules[0].matches[0].method: "FETCH" is not one of the allowed values; use GET, HEAD, POST, PUT, DELETE, CONNECT, OPTIONS, TRACE or PATCH',
    ],
  },
  {
    what: 'a negative weight',
    objects: [rule({ backendRefs: [{ ...toA, weight: -1 }] })],
    says: ['spec.rules[0].backendRefs[0].weight: -1 is out of range; write a number from 0 to 1000000'],
  },
  {
    what: 'a huge weight',
    objects: [rule({ backendRefs: [{ ...toA, weight: 1_000_001 }] })],
    says: ['spec.rules[0].backendRefs[0].weight: 1000001 is out of range; write a number from 0 to 1000000'],
  },
  {
    what: 'a weight of 1.5',
    objects: [rule({ backendRefs: [{ ...toA, weight: 1.5 }] })],
    says: ['spec.rules[0].backendRefs[0].weight: must be a whole number, but 1.5 is a number; write a number'],
  },
  {
    what: 'port 0',
    objects: [rule({ backendRefs: [{ name: 'a', port: 0 }] })],
    says: ['spec.rules[0].backendRefs[0].port: 0 is out of range; write a number from 1 to 65535'],
  },
  {
    what: 'a redirect to an odd hostname',
    objects: [filter('RequestRedirect', { hostname: 'a b' }, { backendRefs: [] })],
    says: [
      'spec.rules[0].filters[0].requestRedirect.hostname: "a b" is not allowed here; write a DNS name: lower-case letters, digits and "-", parted by ".", such as shop.example.com',
    ],
  },
  {
    what: 'a redirect to a wildcard',
    objects: [filter('RequestRedirect', { hostname: '*.a.com' }, { backendRefs: [] })],
    says: [
      'spec.rules[0].filters[0].requestRedirect.hostname: "*.a.com" is not allowed here; write a DNS name: lower-case letters, digits and "-", parted by ".", such as shop.example.com',
    ],
  },
  {
    what: 'a redirect with status 418',
    objects: [filter('RequestRedirect', { statusCode: 418 }, { backendRefs: [] })],
    says: [
      'spec.rules[0].filters[0].requestRedirect.statusCode: 418 is not one of the allowed values; use 301, 302, 303, 307 or 308',
    ],
  },
  {
    what: 'a hostname with a port',
    objects: [route('bad', { hostnames: ['a.com:80'] })],
    says: [
      'spec.hostnames[0]: "a.com:80" is not allowed here; write a DNS name in lower case, perhaps with a leading "*.", such as shop.example.com or *.example.com',
    ],
  },
  {
    what: 'a spec that is a text',
    objects: [{ ...route('bad', {}), spec: 'rules' }],
    says: ['spec: must be a mapping, but "rules" is text; write "field: value" lines below it'],
  },
  {
    what: 'no spec',
    objects: [{ apiVersion: gatewayApi, kind: 'HTTPRoute', metadata: { name: 'bad' } }],
    says: ['spec: spec is missing; add spec'],
  },
  {
    what: 'an unknown kind',
    objects: [{ ...route('bad', {}), kind: 'HttpRoute' }],
    says: ['kind: there is no kind "HttpRoute" of "gateway.networking.k8s.io/v1"; did you mean kind: HTTPRoute?'],
  },
  {
    what: 'an unknown field',
    objects: [rule({ backends: [toA] })],
    says: [
      'spec.rules[0].backends: unknown field "backends"; remove it, or use one of backendRefs, filters, matches, name, retry or timeouts',
    ],
  },
  {
    what: 'data of a Secret that is no base64',
    objects: [{ ...secret({}), data: { 'tls.crt': '***', 'tls.key': '' } }],
    says: ['data["tls.crt"]: the value (not shown) is not base64; correct the value'],
  },
]
