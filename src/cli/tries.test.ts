import { describe, expect, test } from 'vitest'
import type { HTTPRoute } from '../api/gen/types.ts'
import { mustParse } from '../testing/pipeline-rig.ts'
import { commandsToTry } from './tries.ts'

const gateways = [
  { gateway: 'infra/edge', urls: ['http://127.0.0.1:8080', 'https://127.0.0.1:8443'], envoyAdmin: undefined },
]

function route(hostname: string, rules: readonly unknown[]): HTTPRoute {
  const object = mustParse({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { namespace: 'shop', name: 'r' },
    spec: { parentRefs: [{ namespace: 'infra', name: 'edge' }], hostnames: [hostname], rules },
  })
  if (object.kind !== 'HTTPRoute') throw new Error('no route')
  return object
}

const backendRefs = [{ name: 'a', port: 80 }]
const path = { type: 'PathPrefix', value: '/api' }

describe('commandsToTry', () => {
  test('offers a plain request, one that a header decides, and one over TLS', () => {
    const headers = [{ name: 'X-Canary', value: 'true' }]
    const routes = [route('shop.example.com', [{ matches: [{ path }, { path, headers }], backendRefs }])]
    expect(commandsToTry({ gateways, routes, certificate: '/c.crt' })).toEqual([
      "curl -H 'Host: shop.example.com' http://127.0.0.1:8080/api",
      "curl -H 'X-Canary: true' -H 'Host: shop.example.com' http://127.0.0.1:8080/api",
      'curl --cacert /c.crt --resolve shop.example.com:8443:127.0.0.1 https://shop.example.com:8443/api',
    ])
  })

  test('invents a name below a wildcard, shows the Location of a redirect, and quotes a query', () => {
    const filters = [{ type: 'RequestRedirect', requestRedirect: { scheme: 'https' } }]
    const queryParams = [{ name: 'a', value: 'b c' }]
    const routes = [route('*.x.example', [{ matches: [{ path, queryParams }], filters }])]
    expect(
      commandsToTry({
        gateways: [{ gateway: 'infra/edge', urls: ['http://127.0.0.1:1'], envoyAdmin: undefined }],
        routes,
      }),
    ).toEqual(["curl -i -H 'Host: demo.x.example' 'http://127.0.0.1:1/api?a=b%20c'"])
  })

  test('what a shell would read as more than a word is quoted, whatever a route holds', () => {
    const headers = [{ name: 'X-Name', value: "o'hara; reboot" }]
    const odd = { type: 'Exact', value: "/it's(here)" }
    const routes = [route('shop.example.com', [{ matches: [{ path: odd, headers }], backendRefs }])]
    expect(commandsToTry({ gateways, routes, certificate: '/a folder/c.crt' })).toEqual([
      "curl -H 'X-Name: o'\\''hara; reboot' -H 'Host: shop.example.com' 'http://127.0.0.1:8080/it'\\''s(here)'",
      "curl -H 'X-Name: o'\\''hara; reboot' --cacert '/a folder/c.crt' --resolve shop.example.com:8443:127.0.0.1 'https://shop.example.com:8443/it'\\''s(here)'",
    ])
  })

  test('offers nothing that cannot be written down: a regular expression, another method, another Gateway', () => {
    const matches = [{ path: { type: 'RegularExpression', value: '/a.*' } }, { path, method: 'POST' }]
    expect(commandsToTry({ gateways, routes: [route('a.example', [{ matches, backendRefs }])] })).toEqual([])
    expect(commandsToTry({ gateways: [], routes: [route('a.example', [{ backendRefs }])] })).toEqual([])
  })
})
