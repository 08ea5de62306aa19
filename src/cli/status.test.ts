import { afterEach, describe, expect, test } from 'vitest'
import { AdminServer, json } from '../admin/server.ts'
import { CliRig, type CommandResult, goodManifests } from '../testing/cli-rig.ts'
import { exitCodes } from './flags.ts'
import { runStatus, runWait } from './status.ts'

const controller = 'fairlead.dev/gateway-controller'
const nobody = '127.0.0.1:65000'
const rigs: CliRig[] = []

const badRoute = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: bad }
spec:
  parentRefs: [{ name: gw }]
  rules: [{ backendRefs: [{ name: nowhere, port: 80 }] }]
`

function rigOf(files: Readonly<Record<string, string>>): CliRig {
  const rig = new CliRig({ 'good.yaml': goodManifests, ...files })
  rigs.push(rig)
  return rig
}

function status(
  files: Readonly<Record<string, string>> = {},
  objects: readonly string[] = [],
  output = 'text',
): Promise<CommandResult> {
  const rig = rigOf(files)
  const flags = { file: [rig.root], admin: nobody, output, watch: false }
  return rig.run((terminal) => runStatus(flags, objects, terminal, controller))
}

afterEach(() => {
  for (const rig of rigs.splice(0)) rig.remove()
})

describe('status', () => {
  test('names every object, causes first, and ends with 0 when all is well', async () => {
    const { code, out } = await status()
    expect({ code, out }).toEqual({
      code: exitCodes.ok,
      out: [
        'GatewayClass fairlead   accepted',
        'Gateway default/gw      programmed  http: 1 route',
        'HTTPRoute default/good  attached    to gw',
        '',
      ].join('\n'),
    })
  })

  test('says first what to do first', async () => {
    const { code, out } = await status({ 'bad.yaml': badRoute })
    expect(code).toBe(exitCodes.failed)
    expect(out.trimEnd().split('\n').at(-1)).toBe(
      'First: HTTPRoute default/bad: spec.rules[0].backendRefs[0]: Service default/nowhere does not exist; create it or correct the reference',
    )
  })

  test('shows only the objects that are named, by kind or without', async () => {
    expect((await status({ 'bad.yaml': badRoute }, ['httproute/good'])).code).toBe(exitCodes.ok)
    expect((await status({ 'bad.yaml': badRoute }, ['default/bad'])).code).toBe(exitCodes.failed)
  })

  test('an object that is named and has no status is a problem', async () => {
    const { code, out } = await status({}, ['httproute/default/none'])
    expect(code).toBe(exitCodes.failed)
    expect(out).toContain('httproute/default/none has no status')
  })

  describe('of an object that is named', () => {
    const refused = badRoute.replace('name: bad', 'name: refused').replace('parentRefs', 'parentRef')
    const lost = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: lost }
spec:
  gatewayClassName: nope
  listeners: [{ name: http, port: 8081, protocol: HTTP }]
`
    const files = { 'lost.yaml': lost, 'refused.yaml': refused }

    test('is not spoilt by what is wrong with others', async () => {
      const { code, out } = await status(files, ['gateway/default/gw'])
      expect({ code, out }).toEqual({ code: exitCodes.ok, out: 'Gateway default/gw  programmed  http: 1 route\n' })
    })

    test('says why it has none: it was not taken', async () => {
      const { code, out } = await status(files, ['httproute/refused'])
      expect(code).toBe(exitCodes.failed)
      expect(out).toMatch(
        /^refused\.yaml:5:3: error: spec\.parentRef: unknown field .*\n.* has no status: nothing serves it\n/,
      )
      expect(out).not.toContain('lost')
    })

    test('says why it has none: nobody serves it', async () => {
      const { code, out } = await status(files, ['default/lost'])
      expect(code).toBe(exitCodes.failed)
      expect(out).toContain('default/lost has no status: nothing serves it\n')
      expect(out).toMatch(/\nFirst: lost\.yaml:5:3: warning: spec\.gatewayClassName: there is no GatewayClass "nope"/)
      expect(out).not.toContain('refused')
    })

    test('is spoilt by a file that cannot be read: it may hold the object', async () => {
      const { code, out } = await status({ 'broken.yaml': 'kind: [\n' }, ['gateway/gw'])
      expect(code).toBe(exitCodes.failed)
      expect(out).toMatch(/^broken\.yaml:/)
    })

    test.each(['gateway', 'Gateways', 'gw', 'gateways/gw', 'GatewayClasses'])('may be "%s"', async (name) => {
      const { code, out } = await status({ 'refused.yaml': refused }, [name])
      expect({ code, lines: out.split('\n').length }).toEqual({ code: exitCodes.ok, lines: 2 })
    })

    test('asks whether another of that name was meant', async () => {
      const { out } = await status(files, ['shop/good'])
      expect(out).toContain('shop/good has no status: it does not exist, or nothing of it is ours to serve; ')
      expect(out).toContain('did you mean HTTPRoute/default/good?')
      expect(out).not.toContain('is there a GatewayClass')
    })

    test.each(['', '/', 'a//b', 'a/b/c/d'])('"%s" is a wrong argument', async (name) => {
      const { code, err } = await status(files, [name])
      expect({ code, err }).toEqual({
        code: exitCodes.usage,
        err: `"${name}" names no object; use kind/namespace/name, namespace/name, kind/name, a kind or a name\n`,
      })
    })
  })

  test('tells of causes before effects, and of lines in their order', async () => {
    const annotation = 'annotations: { istio.io/a: b }'
    const route = badRoute.replace('name: bad', `name: bad, ${annotation}`).replace('nowhere', 'a')
    const { out } = await status({
      'all.yaml': `${route}---\n${route.replace('bad,', 'two,')}---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: gw2, ${annotation} }
spec:
  gatewayClassName: fairlead
  listeners: [{ name: http, port: 8082, protocol: HTTP }]
`,
    })
    expect([...out.matchAll(/^all\.yaml:(\d+)/gm)].map(([, line]) => line)).toEqual(['17', '3', '10'])
  })

  test.each(['localhost', 'http://127.0.0.1:19000', '127.0.0.1'])('--admin %s is a wrong flag', async (admin) => {
    const flags = { file: [], admin, output: 'text', watch: false }
    const { code, err } = await rigOf({}).run((terminal) => runStatus(flags, [], terminal, controller))
    expect({ code, err }).toEqual({
      code: exitCodes.usage,
      err: `--admin: "${admin}" is no address; use host:port, such as 127.0.0.1:19000\n`,
    })
  })

  test('a file that cannot be read comes before every status', async () => {
    const { code, out } = await status({ 'broken.yaml': 'kind: [\n' })
    expect(code).toBe(exitCodes.failed)
    expect(out).toMatch(/^broken\.yaml:/)
  })

  test('json holds the reports for scripts', async () => {
    const { out } = await status({}, ['gateway/gw'], 'json')
    expect(JSON.parse(out)).toMatchObject({ reports: [{ verdict: 'programmed', ref: { name: 'gw' } }], input: [] })
  })

  test('says where to look when no control plane answers', async () => {
    const rig = rigOf({})
    const flags = { file: [], admin: nobody, output: 'text', watch: false }
    const { code, err } = await rig.run((terminal) => runStatus(flags, [], terminal, controller))
    expect(code).toBe(exitCodes.failed)
    expect(err).toContain(`no control plane answers at ${nobody} (ECONNREFUSED)`)
  })

  describe('of a cluster', () => {
    const items = [
      { severity: 'error', object: 'HTTPRoute', message: 'forbidden; apply the ClusterRole' },
      { severity: 'warning', object: 'HTTPRoute/app/r', field: 'spec.parentRefs[0]', message: 'there is no Gateway' },
      { severity: 'warning', object: 'GatewayClass//c', message: 'was deleted' },
    ]
    const ask = async (named: readonly string[]) => {
      const admin = new AdminServer([
        { path: '/debug/status', summary: '', render: () => json({}) },
        { path: '/debug/input', summary: '', render: () => json(items) },
      ])
      const { port } = await admin.listen('127.0.0.1', 0)
      const flags = { file: [], admin: `127.0.0.1:${port}`, output: 'text', watch: false }
      const { out } = await rigOf({}).run((terminal) => runStatus(flags, named, terminal, controller))
      await admin.close()
      return out.split('\n')
    }

    test('names object and field of what no status says', async () => {
      expect((await ask([])).slice(0, 3)).toEqual([
        'error: HTTPRoute: forbidden; apply the ClusterRole',
        'warning: GatewayClass c: was deleted',
        'warning: HTTPRoute app/r: spec.parentRefs[0]: there is no Gateway',
      ])
    })

    test('what is wrong with a kind is about each of its objects, and of others, too', async () => {
      expect((await ask(['gatewayclass/c'])).slice(0, 3)).toEqual([
        'error: HTTPRoute: forbidden; apply the ClusterRole',
        'gatewayclass/c has no status: nothing serves it',
        'warning: GatewayClass c: was deleted',
      ])
      expect(await ask(['default/r'])).toContain(
        'default/r has no status: it does not exist, or nothing of it is ours to serve; did you mean HTTPRoute/app/r?',
      )
    })
  })

  test('asks a control plane that runs', async () => {
    const conditions = [{ type: 'Accepted', status: 'False', reason: 'InvalidParameters', message: 'bad' }]
    const gatewayClass = { apiVersion: 'g/v1', kind: 'GatewayClass', name: 'c', status: { conditions } }
    const admin = new AdminServer([
      { path: '/debug/status', summary: '', render: () => json({ 'GatewayClass//c': gatewayClass }) },
      { path: '/debug/input', summary: '', render: () => json([]) },
    ])
    const { port } = await admin.listen('127.0.0.1', 0)
    const flags = { file: [], admin: `127.0.0.1:${port}`, output: 'text', watch: false }
    const { code, out } = await rigOf({}).run((terminal) => runStatus(flags, [], terminal, controller))
    await admin.close()
    expect(code).toBe(exitCodes.failed)
    expect(out).toContain('First: GatewayClass c: bad')
  })
})

describe('wait', () => {
  const wait = (files: Readonly<Record<string, string>>, timeout: string) => {
    const rig = rigOf(files)
    return rig.run((terminal) => runWait({ file: [rig.root], admin: nobody, timeout }, [], terminal, controller))
  }

  test('ends at once when all is well', async () => {
    expect((await wait({}, '60')).code).toBe(exitCodes.ok)
  })

  test('gives up with what is still wrong', async () => {
    const { code, err } = await wait({ 'bad.yaml': badRoute }, '0.05')
    expect(code).toBe(exitCodes.failed)
    expect(err).toContain('Service default/nowhere does not exist')
  })

  test('ends when the last problem is gone', async () => {
    const rig = rigOf({ 'bad.yaml': badRoute })
    const flags = { file: [rig.root], admin: nobody, timeout: '60' }
    const waiting = rig.run((terminal) => runWait(flags, [], terminal, controller))
    rig.write('bad.yaml', '')
    expect((await waiting).code).toBe(exitCodes.ok)
  })

  test('a time that is none is a wrong flag', async () => {
    expect((await wait({}, 'soon')).code).toBe(exitCodes.usage)
  })
})
