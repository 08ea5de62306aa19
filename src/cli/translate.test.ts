import { afterEach, describe, expect, test } from 'vitest'
import { CliRig, type CommandResult, goodManifests } from '../testing/cli-rig.ts'
import { testCertificate } from '../testing/certificates.ts'
import { parseSections, runTranslate } from './translate.ts'

const controller = 'fairlead.dev/gateway-controller'
const now = '2026-01-02T03:04:05Z'
const rigs: CliRig[] = []

interface Options {
  readonly files?: Readonly<Record<string, string>>
  readonly show?: string
  readonly output?: string
}

function translate({ files = { 'good.yaml': goodManifests }, show = 'status', output = 'json' }: Options = {}) {
  const rig = new CliRig(files)
  rigs.push(rig)
  return rig.run((terminal) => runTranslate({ file: [rig.root], show, output, now }, terminal, controller))
}

function items({ out }: CommandResult): readonly Record<string, unknown>[] {
  const parsed: unknown = JSON.parse(out)
  return Array.isArray(parsed) ? parsed : []
}

const badRoute = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: bad }
spec: { hostnames: bad.example.com }
`

/** A Gateway with an HTTPS listener and its Secret; and the lines of the private key. */
function withCertificate() {
  const { chain, key } = testCertificate()
  const data = { 'tls.crt': Buffer.from(chain).toString('base64'), 'tls.key': Buffer.from(key).toString('base64') }
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'cert' }, type: 'kubernetes.io/tls', data }
  const gateway = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'tls' },
    spec: {
      gatewayClassName: 'fairlead',
      listeners: [{ name: 'https', port: 8443, protocol: 'HTTPS', tls: { certificateRefs: [{ name: 'cert' }] } }],
    },
  }
  const files = {
    'good.yaml': goodManifests,
    'tls.json': JSON.stringify(gateway),
    'secret.json': JSON.stringify(secret),
  }
  const keyLines = key.split('\n').filter((line) => line !== '' && !line.startsWith('-----'))
  return { files, hidden: [...keyLines, data['tls.key'].slice(60, 120)], chain }
}

afterEach(() => {
  for (const rig of rigs.splice(0)) rig.remove()
})

describe('translate', () => {
  test('shows each status as it would be written', async () => {
    const result = await translate()
    expect({ code: result.code, err: result.err }).toEqual({ code: 0, err: '' })
    const shown = items(result)
    expect(shown.map(({ apiVersion, kind, metadata }) => ({ apiVersion, kind, metadata }))).toEqual([
      { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', metadata: { name: 'gw', namespace: 'default' } },
      { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'GatewayClass', metadata: { name: 'fairlead' } },
      {
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'HTTPRoute',
        metadata: { name: 'good', namespace: 'default' },
      },
    ])
    const parentRef = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'gw' }
    const condition = { status: 'True', observedGeneration: 1, lastTransitionTime: now }
    expect(shown[2]).toEqual({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'good', namespace: 'default' },
      status: {
        parents: [
          {
            parentRef,
            controllerName: controller,
            conditions: [
              {
                ...condition,
                type: 'Accepted',
                reason: 'Accepted',
                message: 'attached to listener "http" of Gateway default/gw',
              },
              {
                ...condition,
                type: 'ResolvedRefs',
                reason: 'ResolvedRefs',
                message: 'every reference is resolved',
              },
            ],
          },
        ],
      },
    })
  })

  test('keeps what other controllers wrote into a status', async () => {
    const condition = { type: 'Accepted', status: 'True', reason: 'Accepted', message: '', lastTransitionTime: now }
    const foreign = { parentRef: { name: 'gw' }, controllerName: 'example.com/other', conditions: [condition] }
    const text = goodManifests.replace(
      /(metadata: \{ name: good \})/,
      `$1\nstatus: { parents: [${JSON.stringify(foreign)}] }`,
    )
    const shown = items(await translate({ files: { 'good.yaml': text } }))
    const ours = expect.objectContaining({ controllerName: controller })
    const theirs = expect.objectContaining({ controllerName: 'example.com/other', conditions: [condition] })
    expect(shown[2]?.status).toEqual({ parents: expect.arrayContaining([ours, theirs]) })
  })

  test('shows every Envoy resource with its type URL and as proto JSON', async () => {
    const { files } = withCertificate()
    const shown = items(await translate({ files, show: 'listeners,scopes,routes,clusters,endpoints,secrets' }))
    expect(shown.map(({ typeUrl, name }) => `${typeUrl} ${name}`)).toEqual([
      'type.googleapis.com/envoy.config.listener.v3.Listener default/gw/8080',
      'type.googleapis.com/envoy.config.listener.v3.Listener default/gw/warm-up',
      'type.googleapis.com/envoy.config.listener.v3.Listener default/tls/8443',
      'type.googleapis.com/envoy.config.listener.v3.Listener default/tls/warm-up',
      'type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration 8080|/',
      'type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration 8080|/*',
      'type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration 8080|good.example.com',
      'type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration 8443/https|/',
      'type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration 8443/https|/*',
      'type.googleapis.com/envoy.config.cluster.v3.Cluster default/a/80',
      'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment default/a/80',
      'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret default/cert',
    ])
    for (const item of shown) expect(item.resource).toBeTypeOf('object')
  })

  test.each(['json', 'yaml'])('shows certificates and never their keys in %s', async (output) => {
    const { files, hidden, chain } = withCertificate()
    const { code, out, err } = await translate({
      files,
      output,
      show: 'status,listeners,scopes,routes,clusters,endpoints,secrets',
    })
    expect(code).toBe(0)
    expect(out).toContain(chain.split('\n')[1])
    expect(out).toContain('[redacted]')
    for (const text of hidden) expect(out + err).not.toContain(text)
  })

  test('prints one YAML document each', async () => {
    const { out } = await translate({ output: 'yaml', show: 'endpoints' })
    expect(out).toBe(`typeUrl: type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment
name: default/a/80
resource:
  clusterName: default/a/80
  endpoints:
    - lbEndpoints:
        - endpoint:
            address:
              socketAddress:
                address: 10.0.0.1
                portValue: 8080
`)
  })

  test('says that nothing is to be shown', async () => {
    expect(await translate({ output: 'yaml', show: 'secrets' })).toEqual({
      code: 0,
      out: '# nothing to show\n',
      err: '',
    })
    expect(await translate({ show: 'secrets' })).toEqual({ code: 0, out: '[]\n', err: '' })
  })

  test('shows what is good beside what is broken, says what is broken, and fails', async () => {
    const good = await translate()
    const { code, out, err } = await translate({ files: { 'good.yaml': goodManifests, 'bad.yaml': badRoute } })
    expect(code).toBe(1)
    expect(out).toBe(good.out)
    expect(err).toBe(
      'bad.yaml:4:9: error: spec.hostnames: must be a list, but "bad.example.com" is text; write a list: start each item with "- "\n',
    )
  })

  test('succeeds when a mistake is in a status and not in a file', async () => {
    const dangling = goodManifests.replace('name: a, port: 80', 'name: gone, port: 80')
    const { code, out, err } = await translate({ files: { 'good.yaml': dangling } })
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain('Service default/gone does not exist')
  })

  test('refuses sections and formats that it does not know', async () => {
    expect(await translate({ show: 'status,filters' })).toEqual({
      code: 2,
      out: '',
      err: '--show: "filters" is unknown; use any of status,listeners,scopes,routes,clusters,endpoints,secrets\n',
    })
    expect(await translate({ output: 'xml' })).toEqual({
      code: 2,
      out: '',
      err: '--output: "xml" is unknown; use yaml or json\n',
    })
  })

  test('gives the same output every time', async () => {
    const { files } = withCertificate()
    const show = 'status,listeners,scopes,routes,clusters,endpoints,secrets'
    expect((await translate({ files, show })).out).toBe((await translate({ files, show })).out)
  })
})

describe('--now', () => {
  test.each(['yesterday', '2026-01-02', '2026-13-02T03:04:05Z'])(
    'refuses "%s", which no status may hold',
    async (bad) => {
      const rig = new CliRig({ 'good.yaml': goodManifests })
      rigs.push(rig)
      const flags = { file: [rig.root], show: 'status', output: 'json', now: bad }
      expect(await rig.run((terminal) => runTranslate(flags, terminal, controller))).toEqual({
        code: 2,
        out: '',
        err: `--now: "${bad}" is no time; write it as 2026-01-31T12:00:00Z\n`,
      })
    },
  )
})

describe('parseSections', () => {
  test('takes sections in any order and shows them in one', () => {
    expect(parseSections('secrets, status')).toEqual({ ok: true, value: ['status', 'secrets'] })
    expect(parseSections('')).toMatchObject({ ok: false })
  })
})
