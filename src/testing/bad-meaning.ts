/** Objects of sound structure that mean something wrong. */
import { testCertificate } from './certificates.ts'
import { type BadCase, filter, gateway, match, repeat, route, rule, secret, toA } from './bad-objects.ts'

/** Said in status or in a notice, or served after all. */
export const badMeaning: readonly BadCase[] = [
  {
    what: 'weights that are huge together',
    objects: [rule({ backendRefs: repeat(16, () => ({ ...toA, weight: 1_000_000 })) })],
    says: [],
  },
  { what: 'weights that are all 0', objects: [rule({ backendRefs: [{ ...toA, weight: 0 }] })], says: [] },
  { what: 'no backend', objects: [rule({ backendRefs: [] })], says: [] },
  {
    what: 'a backend that does not exist',
    objects: [rule({ backendRefs: [{ name: 'gone', port: 80 }] })],
    says: ['spec.rules[0].backendRefs[0]: Service default/gone does not exist; create it or correct the reference'],
  },
  {
    what: 'a backend without port',
    objects: [rule({ backendRefs: [{ name: 'a' }] })],
    says: ['spec.rules[0].backendRefs[0]: port is missing; name a port of Service "default/a" (it has 80)'],
  },
  {
    what: 'a backend in another namespace',
    objects: [rule({ backendRefs: [{ ...toA, namespace: 'other' }] })],
    says: [
      'spec.rules[0].backendRefs[0]: no ReferenceGrant in "other" lets HTTPRoute from "default" use Service "a"; add one',
    ],
  },
  {
    what: 'a backend of an unknown kind',
    objects: [rule({ backendRefs: [{ kind: 'Bucket', name: 'a' }] })],
    says: ['spec.rules[0].backendRefs[0]: kind "Bucket" is not supported as a backend; use a Service'],
  },
  {
    what: 'an empty regular expression',
    objects: [match({ path: { type: 'RegularExpression', value: '' } })],
    says: [
      'spec.rules[0].matches[0].path.value: is an empty regular expression; write one, such as "/.*" for every path',
    ],
  },
  {
    what: 'a regular expression that looks ahead',
    objects: [match({ path: { type: 'RegularExpression', value: '/(?=x)' } })],
    says: [
      'spec.rules[0].matches[0].path.value: "/(?=x)" is no regular expression of RE2 syntax: invalid or unsupported Perl syntax: `(?=`; correct it',
    ],
  },
  {
    what: 'a regular expression with a back-reference',
    objects: [match({ headers: [{ name: 'x', type: 'RegularExpression', value: '(a)\\1' }] })],
    says: [
      'spec.rules[0].matches[0].headers[0].value: "(a)\\1" is no regular expression of RE2 syntax: invalid escape sequence: `\\1`; correct it',
    ],
  },
  {
    what: 'a regular expression of a character beyond a byte',
    objects: [match({ path: { type: 'RegularExpression', value: '/\\x{20AC}' } })],
    says: [
      'spec.rules[0].matches[0].path.value: "/\\x{20AC}" is no regular expression of RE2 syntax: `\\x{20AC}` is no byte, and Envoy matches bytes: write those of its UTF-8 form; correct it',
    ],
  },
  {
    what: 'a regular expression of a class that is too new',
    objects: [match({ headers: [{ name: 'x', type: 'RegularExpression', value: '\\p{LC}+' }] })],
    says: [
      'spec.rules[0].matches[0].headers[0].value: "\\p{LC}+" is no regular expression of RE2 syntax: `\\p{LC}` is no class that Envoy knows; correct it',
    ],
  },
  {
    what: 'nested repetition',
    objects: [match({ path: { type: 'RegularExpression', value: '/((((a{100}){100}){100}){100})' } })],
    says: [
      'spec.rules[0].matches[0].path.value: "/((((a{100}){100}){100}){100})" is no regular expression of RE2 syntax: invalid repeat count: `{100}`; correct it',
    ],
  },
  {
    what: 'large repetition',
    objects: [match({ path: { type: 'RegularExpression', value: '/(x{1000}){1000}' } })],
    says: [
      'spec.rules[0].matches[0].path.value: "/(x{1000}){1000}" is no regular expression of RE2 syntax: invalid repeat count: `{1000}`; correct it',
    ],
  },
  {
    what: 'repetition that makes a huge program',
    objects: [match({ path: { type: 'RegularExpression', value: `/(${'(a|b){10}'.repeat(40)}){40}` } })],
    says: [
      'spec.rules[0].matches[0].path.value: "/((a|b){10}(a|b){10}(a|b){10}(a|b){10}(a|b){10}(a|b){10}(a|b){10}(a|b){10}(a|b)…" repeats too much: it would be more than 5000 instructions; use smaller counts',
    ],
  },
  {
    what: 'expressions that are too large together',
    objects: [
      rule({ matches: repeat(51, (one) => ({ path: { type: 'RegularExpression', value: `/${one}/x{1000}` } })) }),
    ],
    says: [
      'spec.rules[0].matches[50].path.value: "/50/x{1000}" is one too many: the regular expressions of the route before it have 50000 instructions, which is all that one route may have; split the route or simplify them',
    ],
  },
  {
    what: 'a hostname that is an address',
    objects: [route('bad', { hostnames: ['192.0.2.1'], rules: [{ backendRefs: [toA] }] })],
    says: [
      'spec.hostnames[0]: "192.0.2.1" is an IP address, and hosts are matched by name; leave it out to serve every host, or use a DNS name',
    ],
  },
  {
    what: '129 matches in several rules',
    objects: [
      route('bad', {
        rules: repeat(3, (one) => ({
          matches: repeat(43, (two) => ({ path: { value: `/${one}/${two}` } })),
          backendRefs: [toA],
        })),
      }),
    ],
    says: ['spec.rules: there are 129 matches, 128 are allowed in one route; split it'],
  },
  {
    what: 'a regular expression with an odd query name',
    objects: [match({ queryParams: [{ name: 'q', type: 'RegularExpression', value: '*' }] })],
    says: [
      'spec.rules[0].matches[0].queryParams[0].value: "*" is no regular expression of RE2 syntax: missing argument to repetition operator: `*`; correct it',
    ],
  },
  {
    what: 'a path without a slash',
    objects: [match({ path: { value: 'api' } })],
    says: ['spec.rules[0].matches[0].path.value: "api" does not begin with "/"; write "/api"'],
  },
  {
    what: 'a path with a lone percent sign',
    objects: [match({ path: { value: '/100%' } })],
    says: [
      'spec.rules[0].matches[0].path.value: "/100%" holds "%", which no path can; follow it with two hexadecimal digits',
    ],
  },
  {
    what: 'a path with an escaped slash',
    objects: [match({ path: { value: '/a%2Fb' } })],
    says: [
      'spec.rules[0].matches[0].path.value: "/a%2Fb" holds "%2F", which no path has once it is normalized; leave it out',
    ],
  },
  {
    what: 'a path with two slashes',
    objects: [match({ path: { type: 'Exact', value: '/a//b' } })],
    says: [
      'spec.rules[0].matches[0].path.value: "/a//b" holds "//", which no path has once it is normalized; leave it out',
    ],
  },
  {
    what: 'a path that goes up',
    objects: [match({ path: { value: '/a/../b' } })],
    says: [
      'spec.rules[0].matches[0].path.value: "/a/../b" holds "/..", which no path has once it is normalized; leave it out',
    ],
  },
  {
    what: 'a path that ends in a dot',
    objects: [match({ path: { value: '/a/.' } })],
    says: [
      'spec.rules[0].matches[0].path.value: "/a/." holds "/.", which no path has once it is normalized; leave it out',
    ],
  },
  {
    what: 'a path with a letter beyond ASCII',
    objects: [match({ path: { value: '/zażółć' } })],
    says: ['spec.rules[0].matches[0].path.value: "/zażółć" holds "ż", which no path can; write it as %C5%BC'],
  },
  {
    what: 'a path with a line break',
    objects: [match({ path: { value: '/a\nb' } })],
    says: ['spec.rules[0].matches[0].path.value: "/a\\nb" holds "\\n", which no path can; write it as %0A'],
  },
  {
    what: 'a path with a query',
    objects: [match({ path: { value: '/a?b=c' } })],
    says: [
      'spec.rules[0].matches[0].path.value: "/a?b=c" holds "?", which no path can; match queries with queryParams',
    ],
  },
  {
    what: 'a header value with a line break',
    objects: [match({ headers: [{ name: 'x', value: 'a\nb' }] })],
    says: [
      'spec.rules[0].matches[0].headers[0].value: "a\\nb" holds a control character, which no header can; remove it',
    ],
  },
  { what: 'a header value beyond ASCII', objects: [match({ headers: [{ name: 'x', value: 'zażółć' }] })], says: [] },
  {
    what: 'a query value with a line break',
    objects: [match({ queryParams: [{ name: 'q', value: 'a\nb' }] })],
    says: [],
  },
  {
    what: 'a header to set with a line break',
    objects: [filter('RequestHeaderModifier', { set: [{ name: 'x', value: 'a\r\nb: c' }] })],
    says: [
      'spec.rules[0].filters[0].requestHeaderModifier.set[0]: the value of "x" holds a control character, which no header can; remove it',
    ],
  },
  {
    what: 'a header to set beyond ASCII',
    objects: [filter('ResponseHeaderModifier', { add: [{ name: 'x', value: 'zażółć' }] })],
    says: [],
  },
  {
    what: 'a header to set with a command operator',
    objects: [filter('ResponseHeaderModifier', { set: [{ name: 'x', value: '%REQ(:PATH)% %%% 100%' }] })],
    says: [],
  },
  {
    what: 'the Host header to set',
    objects: [filter('RequestHeaderModifier', { set: [{ name: 'Host', value: 'a.com' }] })],
    says: [
      'spec.rules[0].filters[0].requestHeaderModifier.set[0]: "Host" is changed by a URLRewrite filter with a hostname; use that',
    ],
  },
  {
    what: 'the Host header of a response',
    objects: [filter('ResponseHeaderModifier', { add: [{ name: 'Host', value: 'a.com' }] })],
    says: ['spec.rules[0].filters[0].responseHeaderModifier.add[0]: "Host" is of requests only; leave it out'],
  },
  {
    what: 'a header that is set and removed',
    objects: [filter('RequestHeaderModifier', { set: [{ name: 'x', value: '1' }], remove: ['X'] })],
    says: [
      'spec.rules[0].filters[0].requestHeaderModifier.remove[0]: "X" is changed in spec.rules[0].filters[0].requestHeaderModifier.set[0] already; keep one of them, with values joined by ","',
    ],
  },
  {
    what: 'a filter without its body',
    objects: [rule({ filters: [{ type: 'RequestRedirect' }], backendRefs: [] })],
    says: ['spec.rules[0].filters[0].requestRedirect: is missing and type is RequestRedirect; add it'],
  },
  {
    what: 'a filter with the body of another',
    objects: [rule({ filters: [{ type: 'URLRewrite', urlRewrite: {}, requestRedirect: {} }] })],
    says: ['spec.rules[0].filters[0].requestRedirect: does not belong to type URLRewrite; make it a filter of its own'],
  },
  {
    what: 'a filter that is not supported',
    objects: [filter('ExtensionRef', { group: 'example.com', kind: 'Filter', name: 'x' })],
    says: ['spec.rules[0].filters[0].type: filter ExtensionRef is not supported on a rule yet; remove it'],
  },
  {
    what: 'a mirror that does not exist',
    objects: [filter('RequestMirror', { backendRef: { name: 'gone', port: 80 } })],
    says: [
      'spec.rules[0].filters[0].requestMirror.backendRef: Service default/gone does not exist; create it or correct the reference',
    ],
  },
  {
    what: 'the largest numbers of retries and times',
    objects: [
      rule({
        retry: { attempts: 2_147_483_647, codes: [400, 599], backoff: '99999h' },
        timeouts: { request: '99999h99999h99999h', backendRequest: '99999h' },
      }),
    ],
    says: ['spec.rules[0].timeouts.request: "99999h99999h99999h" is no duration: it must be at most 99999h59m59s999ms'],
  },
  {
    what: 'a backoff of the longest time',
    objects: [rule({ retry: { attempts: 2_147_483_647, backoff: '99999h59m59s999ms' } })],
    says: [],
  },
  {
    what: 'CORS with everything and nothing',
    objects: [
      rule({
        filters: [{ type: 'CORS', cors: { allowOrigins: ['https://*'], allowHeaders: ['*'], maxAge: 2_147_483_647 } }],
      }),
    ],
    says: [],
  },
  {
    what: 'a redirect with backends',
    objects: [filter('RequestRedirect', { hostname: 'a.com' })],
    says: ['spec.rules[0].backendRefs: a redirect asks no backend; remove backendRefs or the RequestRedirect filter'],
  },
  {
    what: 'a redirect with a query in its path',
    objects: [
      filter('RequestRedirect', { path: { type: 'ReplaceFullPath', replaceFullPath: '/a?b' } }, { backendRefs: [] }),
    ],
    says: [
      'spec.rules[0].filters[0].requestRedirect.path.replaceFullPath: "/a?b" holds "?", which no path can; leave it out or percent-encode it',
    ],
  },
  {
    what: 'a rewrite to no path',
    objects: [filter('URLRewrite', { path: { type: 'ReplaceFullPath' } })],
    says: ['spec.rules[0].filters[0].urlRewrite.path.replaceFullPath: is missing and type is ReplaceFullPath; add it'],
  },
  {
    what: 'a rewrite to an empty path',
    objects: [filter('URLRewrite', { path: { type: 'ReplaceFullPath', replaceFullPath: '' } })],
    says: [],
  },
  {
    what: 'a rewrite to a relative path',
    objects: [filter('URLRewrite', { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: 'api' } })],
    says: ['spec.rules[0].filters[0].urlRewrite.path.replacePrefixMatch: "api" does not begin with "/"; write "/api"'],
  },
  {
    what: 'a rewrite with a line break',
    objects: [filter('URLRewrite', { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/a\r\nb' } })],
    says: [
      'spec.rules[0].filters[0].urlRewrite.path.replacePrefixMatch: "/a\\r\\nb" holds "\\r", which no path can; leave it out or percent-encode it',
    ],
  },
  {
    what: 'a rewrite with back-references',
    objects: [filter('URLRewrite', { path: { type: 'ReplaceFullPath', replaceFullPath: '/\\1\\9' } })],
    says: [],
  },
  {
    what: 'a rewrite of a prefix that is no prefix',
    objects: [
      filter(
        'URLRewrite',
        { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' } },
        { matches: [{ path: { type: 'Exact', value: '/x' } }] },
      ),
    ],
    says: [
      'spec.rules[0].filters[0].urlRewrite.path: ReplacePrefixMatch needs exactly one match, of type PathPrefix; split the rule or use ReplaceFullPath',
    ],
  },
  {
    what: 'a status that is garbage',
    objects: [{ ...route('bad', { rules: [{ backendRefs: [toA] }] }), status: { parents: 'none', foo: 1 } }],
    says: ['status.parents: status is ignored: must be a list, but "none" is text; leave status out'],
  },
  {
    what: 'a parent that does not exist',
    objects: [route('bad', { parentRefs: [{ name: 'gone' }] })],
    says: [
      'spec.parentRefs[0]: there is no Gateway "default/gone", so the route does not attach to it; create it or correct name and namespace',
    ],
  },
  {
    what: 'a section that does not exist',
    objects: [route('bad', { parentRefs: [{ name: 'gw', sectionName: 'x' }] })],
    says: ['Gateway default/gw has no listener named "x"; it has "http" (port 8080)'],
  },
  {
    what: 'TLS on an HTTP listener',
    objects: [
      secret(testCertificate()),
      gateway('tls', [{ name: 'http', port: 8081, protocol: 'HTTP', tls: { certificateRefs: [{ name: 'cert' }] } }]),
    ],
    says: [
      'listener "http" not accepted; the conditions of each listener say why',
      'spec.listeners[0].tls: an HTTP listener has no TLS; set protocol to "HTTPS" or remove tls',
    ],
  },
  {
    what: 'an HTTPS listener without a certificate',
    objects: [gateway('tls', [{ name: 'https', port: 8443, protocol: 'HTTPS' }])],
    says: ['spec.listeners[0].tls.certificateRefs: names no certificate; an HTTPS listener needs at least one'],
  },
  {
    what: 'an unknown protocol',
    objects: [gateway('odd', [{ name: 'odd', port: 8444, protocol: 'example.com/quic' }])],
    says: [
      'listener "odd" not accepted; the conditions of each listener say why',
      'spec.listeners[0].protocol: protocol "example.com/quic" is not supported; use HTTP or HTTPS',
    ],
  },
  {
    what: 'a protocol that is a word of JavaScript',
    objects: [gateway('odd', [{ name: 'odd', port: 8444, protocol: 'toString' }])],
    says: [
      'listener "odd" not accepted; the conditions of each listener say why',
      'spec.listeners[0].protocol: protocol "toString" is not supported; use HTTP or HTTPS',
    ],
  },
]
