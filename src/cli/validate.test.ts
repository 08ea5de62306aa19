import { afterEach, describe, expect, test } from 'vitest'
import { CliRig, type CommandResult, goodManifests } from '../testing/cli-rig.ts'
import { rsaKeys, type TestCertificate, testCertificate } from '../testing/certificates.ts'
import { runValidate } from './validate.ts'

const context = { controllerName: 'fairlead.dev/gateway-controller', version: '1.2.3' }
const rigs: CliRig[] = []

/** What `validate` says about files; good.yaml is always among them. */
function validate(files: Readonly<Record<string, string>>, output = 'text'): Promise<CommandResult> {
  const rig = new CliRig({ 'good.yaml': goodManifests, ...files })
  rigs.push(rig)
  return rig.run((terminal) => runValidate({ file: [rig.root], output }, terminal, context))
}

/** A route with text from line 5 on, below `spec:`. */
function route(spec: string): string {
  return `apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: { name: bad }\nspec:\n${spec}\n`
}

function lines(...texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('')
}

function gatewayOf(name: string, gatewayClass: string): string {
  const listeners = '  listeners:\n    - { name: web, port: 8081, protocol: HTTP }'
  return `apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: { name: ${name} }\nspec:\n  gatewayClassName: ${gatewayClass}\n${listeners}\n`
}

const parent = '  parentRefs: [{ name: gw }]\n'

afterEach(() => {
  for (const rig of rigs.splice(0)) rig.remove()
})

describe('validate', () => {
  test('says that a good folder has no problems', async () => {
    expect(await validate({})).toEqual({ code: 0, out: '', err: '5 objects, no problems\n' })
  })

  const cases = [
    {
      what: 'malformed YAML',
      text: 'apiVersion: v1\nkind: Service\n  metadata: { name: x }\n',
      out: lines(
        'bad.yaml:2:7: error: a line without ":" stands among fields; write "field: value"',
        'bad.yaml:2:7: error: a mapping starts inside a value; put it on a line of its own, or quote the value if it holds ": "',
      ),
    },
    {
      what: 'an unknown field',
      text: route(`${parent}  selectorLabels: {}`),
      out: lines(
        'bad.yaml:6:3: error: spec.selectorLabels: unknown field "selectorLabels"; remove it, or use one of hostnames, parentRefs, rules or useDefaultGateways',
      ),
    },
    {
      what: 'a wrong type',
      text: route(`${parent}  hostnames: example.com`),
      out: lines(
        'bad.yaml:6:3: error: spec.hostnames: must be a list, but "example.com" is text; write a list: start each item with "- "',
      ),
    },
    {
      what: 'an unknown kind',
      text: route(parent).replace('HTTPRoute', 'HTTPRoot'),
      out: lines(
        'bad.yaml:2:1: error: kind: there is no kind "HTTPRoot" of "gateway.networking.k8s.io/v1"; did you mean kind: HTTPRoute?',
      ),
    },
    {
      what: 'a duplicate object',
      text: route(parent).replace('name: bad', 'name: good'),
      out: lines(
        'good.yaml:25:1: error: HTTPRoute default/good is defined in bad.yaml:1 already; that one counts, this one is ignored; remove or rename one of them',
      ),
    },
    {
      what: 'a backend that does not exist',
      text: route(
        `${parent}  rules:\n    - backendRefs:\n        - name: a\n          port: 80\n        - { name: gone, port: 80 }`,
      ),
      out: lines(
        'bad.yaml:10:11: error: spec.rules[0].backendRefs[1]: Service default/gone does not exist; create it or correct the reference',
      ),
    },
    {
      what: 'a missing grant',
      text: route(`${parent}  rules:\n    - backendRefs:\n        - { name: a, namespace: other, port: 80 }`),
      out: lines(
        'bad.yaml:8:11: error: spec.rules[0].backendRefs[0]: no ReferenceGrant in "other" lets HTTPRoute from "default" use Service "a"; add one',
      ),
    },
    {
      what: 'a parent that does not exist, as a warning',
      code: 0,
      text: route('  parentRefs:\n    - name: gw\n    - name: gone'),
      out: lines(
        'bad.yaml:7:7: warning: spec.parentRefs[1]: there is no Gateway "default/gone", so the route does not attach to it; create it or correct name and namespace',
      ),
    },
    {
      what: 'routes that no Gateway can serve, as warnings',
      code: 0,
      text: `${route('  parentRefs: []')}---\n${route('  useDefaultGateways: All\n  parentRefs: [{ group: "", kind: Service, name: a }]').replace('name: bad', 'name: mesh')}`,
      out: lines(
        'bad.yaml:5:3: warning: spec.parentRefs: names no Gateway, so nothing serves the route; add one',
        'bad.yaml:11:3: warning: spec.useDefaultGateways: is not supported yet and has no effect; name Gateways in parentRefs',
        'bad.yaml:12:16: warning: spec.parentRefs[0]: a parent of kind "Service" is not supported yet, so the route does not attach to it; name a Gateway',
      ),
    },
    {
      what: 'a Gateway whose class does not exist, and one of a class of another controller, as warnings',
      code: 0,
      text: `${gatewayOf('one', 'gone')}---\n${gatewayOf('two', 'typo')}---\napiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: { name: typo }\nspec: { controllerName: fairlead.dev/gateway }\n`,
      out: lines(
        'bad.yaml:5:3: warning: spec.gatewayClassName: there is no GatewayClass "gone", so nothing serves the Gateway; create it, or use "fairlead"',
        'bad.yaml:13:3: warning: spec.gatewayClassName: GatewayClass "typo" is of controller "fairlead.dev/gateway" and "fairlead.dev/gateway-controller" serves here; correct its controllerName or choose another class',
      ),
    },
    {
      what: 'a Gateway of a class that is refused',
      text: `${gatewayOf('one', 'refused')}---\napiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: { name: refused }\nspec: { controllerName: ${context.controllerName}, parametersRef: { group: x.com, kind: X, name: x } }\n`,
      out: lines(
        'bad.yaml:5:3: error: spec.gatewayClassName: the parameters of GatewayClass "refused" cannot be used; its status says why',
        'bad.yaml:12:58: error: spec.parametersRef: kind "X" of group "x.com" holds no parameters; use GatewayParameters of group "fairlead.dev" or a ConfigMap',
      ),
    },
    {
      what: 'fields of a Gateway that have no effect yet, as warnings',
      text: gatewayOf('one', 'fairlead')
        .replace('spec:', 'spec:\n  tls: { backend: { clientCertificateRef: { name: x } } }\n  defaultScope: All')
        .replace(
          'protocol: HTTP',
          'protocol: HTTPS, tls: { options: { x.com/y: z }, certificateRefs: [{ name: none }] }',
        ),
      out: lines(
        'bad.yaml:5:10: warning: spec.tls.backend: is not supported yet and has no effect: backends are not spoken to over TLS; remove it',
        'bad.yaml:6:3: warning: spec.defaultScope: is not supported yet and has no effect; name the Gateway in parentRefs of the routes',
        'bad.yaml:9:56: warning: spec.listeners[0].tls.options: no option is known, so none has an effect; remove them',
        'bad.yaml:9:99: error: spec.listeners[0].tls.certificateRefs[0]: Secret default/none does not exist; create it or correct the reference',
      ),
    },
    {
      what: 'a regular expression that RE2 refuses',
      text: route(
        `${parent}  rules:\n    - matches:\n        - path: { value: /ok }\n        - path:\n            type: RegularExpression\n            value: "(?=x)"`,
      ),
      out: lines(
        'bad.yaml:11:13: error: spec.rules[0].matches[1].path.value: "(?=x)" is no regular expression of RE2 syntax: invalid or unsupported Perl syntax: `(?=`; correct it',
      ),
    },
    {
      what: 'a filter that is not supported beside a rule that is fine',
      text: route(
        `${parent}  rules:\n    - matches: [{ path: { value: /ok } }]\n    - filters:\n        - type: ExtensionRef\n          extensionRef: { group: example.com, kind: Auth, name: a }`,
      ),
      out: lines(
        'bad.yaml:9:11: error: spec.rules[1].filters[0].type: filter ExtensionRef is not supported on a rule yet; remove it',
      ),
    },
    {
      what: 'a mistake once, however many parents the route has',
      text: `${route('  parentRefs:\n    - name: gw\n    - name: two\n  rules:\n    - backendRefs:\n        - { name: gone, port: 80 }')}---\n${gatewayOf('two', 'fairlead')}`,
      out: lines(
        'bad.yaml:10:11: error: spec.rules[0].backendRefs[0]: Service default/gone does not exist; create it or correct the reference',
      ),
    },
    {
      what: 'each parentRef that does not attach, at its place',
      text: route('  parentRefs:\n    - { name: gw, sectionName: one }\n    - { name: gw, sectionName: two }'),
      out: lines(
        'bad.yaml:6:7: error: spec.parentRefs[0]: Gateway default/gw has no listener named "one"; it has "http" (port 8080)',
        'bad.yaml:7:7: error: spec.parentRefs[1]: Gateway default/gw has no listener named "two"; it has "http" (port 8080)',
      ),
    },
    {
      what: 'a listener that conflicts with another',
      text: `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: two }
spec:
  gatewayClassName: fairlead
  listeners:
    - { name: one, port: 80, protocol: HTTP }
    - { name: two, port: 80, protocol: HTTP }
`,
      out: lines(
        'bad.yaml:8:7: error: spec.listeners[1]: items 0 and 1 have the same port, protocol and hostname; change one of them, or remove one listener',
      ),
    },
    {
      what: 'a kind that is not served yet, as a warning',
      code: 0,
      text: `apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: { name: grpc }
spec: { parentRefs: [{ name: gw }] }
`,
      out: lines('bad.yaml:1:1: warning: GRPCRoute is valid but not served yet: it has no effect'),
    },
    {
      what: 'several mistakes of one object, each at its place',
      text: route(
        `  parentRefs: [{ nam: gw }]\n  hostnames: ["UPPER.example.com"]\n  rules:\n    - timeouts: { request: 1 hour }`,
      ),
      out: lines(
        'bad.yaml:5:16: error: spec.parentRefs[0].name: name is missing; add name',
        'bad.yaml:5:18: error: spec.parentRefs[0].nam: unknown field "nam"; did you mean name?',
        'bad.yaml:6:15: error: spec.hostnames[0]: "UPPER.example.com" is not allowed here; write a DNS name in lower case, perhaps with a leading "*.", such as shop.example.com or *.example.com',
        'bad.yaml:8:19: error: spec.rules[0].timeouts.request: "1 hour" is not allowed here; write a duration such as 1m30s or 500ms: numbers with a unit h, m, s or ms',
      ),
    },
  ]
  test.each(cases)('names $what', async ({ text, out, code = 1 }) => {
    const result = await validate({ 'bad.yaml': text })
    expect({ code: result.code, out: result.out }).toEqual({ code, out })
  })

  const weak = testCertificate({ keys: rsaKeys(1024) })
  const strong = testCertificate()
  const certificates = [
    {
      what: 'that does not parse',
      crt: 'no certificate',
      key: strong.key,
      why: 'the chain holds no PEM block "-----BEGIN CERTIFICATE-----" at the start of a line; add one',
    },
    {
      what: 'whose key belongs to another',
      crt: strong.chain,
      key: testCertificate().key,
      why: 'the private key does not belong to the certificate; store the two that were made together',
    },
    {
      what: 'that Envoy would refuse',
      crt: weak.chain,
      key: weak.key,
      why: 'the certificate has an RSA key of 1024 bits; Envoy takes 2048 or more: make a new one',
    },
  ]
  test.each(certificates)('names the listener of a certificate $what', async ({ crt, key, why }) => {
    const data = { 'tls.crt': Buffer.from(crt).toString('base64'), 'tls.key': Buffer.from(key).toString('base64') }
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'cert' }, type: 'kubernetes.io/tls', data }
    const gateway = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: tls }
spec:
  gatewayClassName: fairlead
  listeners:
    - name: https
      port: 443
      protocol: HTTPS
      tls:
        certificateRefs:
          - name: cert
`
    const { code, out } = await validate({ 'secret.json': JSON.stringify(secret), 'tls.yaml': gateway })
    expect({ code, out }).toEqual({
      code: 1,
      out: `tls.yaml:12:13: error: spec.listeners[0].tls.certificateRefs[0]: Secret "default/cert" cannot be used: ${why}\n`,
    })
    expect(out).not.toContain(key.slice(40, 80))
  })

  test('warns of a certificate outside its dates', async () => {
    const secret = (name: string, { chain, key }: TestCertificate) => {
      const data = { 'tls.crt': Buffer.from(chain).toString('base64'), 'tls.key': Buffer.from(key).toString('base64') }
      return JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name }, type: 'kubernetes.io/tls', data })
    }
    const files = {
      'early.json': secret(
        'early',
        testCertificate({ notBefore: new Date('2049-06-01'), notAfter: new Date('2049-07-01') }),
      ),
      'good.json': secret('good', testCertificate()),
      'late.json': secret('late', testCertificate({ notAfter: new Date('2021-06-01') })),
    }
    const { code, out } = await validate(files)
    expect({ code, out: out.replace(/:1:\d+:/g, ':') }).toEqual({
      code: 0,
      out: lines(
        'early.json: warning: data["tls.crt"]: is not valid before 2049-06-01: it is served and clients refuse it',
        'late.json: warning: data["tls.crt"]: expired on 2021-06-01: it is served and clients refuse it; renew it',
      ),
    })
  })

  test('prints JSON for machines', async () => {
    const { code, out, err } = await validate({ 'bad.yaml': route(`${parent}  hostname: a.com`) }, 'json')
    expect({ code, err }).toEqual({ code: 1, err: '' })
    expect(JSON.parse(out)).toEqual([
      {
        severity: 'error',
        file: 'bad.yaml',
        line: 6,
        column: 3,
        object: 'HTTPRoute default/bad',
        field: 'spec.hostname',
        reason: 'UnknownField',
        message: 'unknown field "hostname"',
        remedy: 'did you mean hostnames?',
      },
    ])
  })

  test('prints a SARIF log with a rule for each reason and the region of each problem', async () => {
    const { code, out, err } = await validate({ 'a b.yaml': route(`${parent}  hostname: a.com`) }, 'sarif')
    expect({ code, err }).toEqual({ code: 1, err: '' })
    const log = JSON.parse(out)
    expect(log.version).toBe('2.1.0')
    expect(log.runs[0].tool.driver).toEqual({
      name: 'fairlead',
      semanticVersion: '1.2.3',
      rules: [{ id: 'UnknownField', shortDescription: { text: 'Unknown field' } }],
    })
    expect(log.runs[0].results).toEqual([
      {
        ruleId: 'UnknownField',
        ruleIndex: 0,
        level: 'error',
        message: { text: 'spec.hostname: unknown field "hostname"; did you mean hostnames?' },
        locations: [
          {
            physicalLocation: {
              artifactLocation: { uri: expect.stringMatching(/a%20b\.yaml$/) },
              region: { startLine: 6, startColumn: 3 },
            },
            logicalLocations: [{ fullyQualifiedName: 'HTTPRoute default/bad spec.hostname' }],
          },
        ],
      },
    ])
  })

  test('prints a JUnit report with a case for each object', async () => {
    const bad = route(`${parent}  hostname: <a>`)
    const orphan = route('  parentRefs: []').replace('name: bad', 'name: orphan')
    const { code, out } = await validate({ 'bad.yaml': `${bad}---\n${orphan}` }, 'junit')
    expect(code).toBe(1)
    expect(out).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="fairlead validate">
  <testsuite name="bad.yaml" tests="2" failures="1" errors="0" skipped="0">
    <testcase classname="bad.yaml" name="HTTPRoute default/bad">
      <failure type="UnknownField" message="spec.hostname: unknown field &quot;hostname&quot;; did you mean hostnames?">bad.yaml:6:3: spec.hostname: unknown field &quot;hostname&quot;; did you mean hostnames?</failure>
    </testcase>
    <testcase classname="bad.yaml" name="HTTPRoute default/orphan">
      <system-out>bad.yaml:12:3: spec.parentRefs: names no Gateway, so nothing serves the route; add one</system-out>
    </testcase>
  </testsuite>
  <testsuite name="good.yaml" tests="5" failures="0" errors="0" skipped="0">
    <testcase classname="good.yaml" name="EndpointSlice default/a-1"/>
    <testcase classname="good.yaml" name="Gateway default/gw"/>
    <testcase classname="good.yaml" name="GatewayClass fairlead"/>
    <testcase classname="good.yaml" name="HTTPRoute default/good"/>
    <testcase classname="good.yaml" name="Service default/a"/>
  </testsuite>
</testsuites>
`)
  })

  test('refuses an output format that it does not know', async () => {
    expect(await validate({}, 'xml')).toEqual({
      code: 2,
      out: '',
      err: '--output: "xml" is unknown; use text, json, sarif or junit\n',
    })
  })

  test('says that a path does not exist', async () => {
    const rig = new CliRig()
    rigs.push(rig)
    const file = [`${rig.root}/none`]
    expect(await rig.run((terminal) => runValidate({ file, output: 'text' }, terminal, context))).toEqual({
      code: 1,
      out: 'none:1:1: error: there is no such file or folder; create it or correct the path\n',
      err: '0 objects, 1 error\n',
    })
  })
})
