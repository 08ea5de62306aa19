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
