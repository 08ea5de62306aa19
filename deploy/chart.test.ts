import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'
import { describe, expect, test } from 'vitest'
import { runCli } from '../src/cli/main.ts'
import { renderRules } from '../tools/gen-rbac/files.ts'
import { controllerRules, ownNamespaceRules } from '../tools/gen-rbac/rules.ts'
import { fairleadImage } from '../tools/image/images.ts'

const read = (path: string) => readFileSync(join(import.meta.dirname, path), 'utf8')
const objects = parseAllDocuments(read('fairlead.yaml')).map((document) => document.toJS())
const find = (kind: string) => objects.find((object) => object.kind === kind && object.metadata.name === 'fairlead')
const container = find('Deployment').spec.template.spec.containers[0]

/** Calls `fairlead` with the arguments of the Deployment; the flags that `controller` gets. */
async function controllerFlags(): Promise<unknown> {
  let taken: unknown
  const terminal = { out: () => undefined, err: () => undefined }
  const controller = async (flags: unknown) => {
    taken = flags
    return 0
  }
  await runCli(container.args, { version: '', controllerName: '', terminal, up: async () => 1, controller })
  return taken
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>
}

/** Paths in a document of values that its schema does not name. */
function unnamed(values: object, { properties = {} }: JsonSchema): readonly string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const property = properties[name]
    if (property === undefined) return [name]
    const isOpen = property.properties === undefined || typeof value !== 'object'
    return isOpen ? [] : unnamed(value, property).map((path) => `${name}.${path}`)
  })
}

describe('deploy/chart', () => {
  test('its rules are those that the tables of kinds give (else: node tools/gen-rbac.ts)', () => {
    const rendered = renderRules()
    expect(readdirSync(join(import.meta.dirname, 'chart/files/rules')).sort()).toEqual([...rendered.keys()].sort())
    for (const [name, text] of rendered) expect(read(`chart/files/rules/${name}`)).toBe(text)
  })

  test('its version is that of the package and of the image', () => {
    const { version, appVersion } = parse(read('chart/Chart.yaml'))
    const { version: packaged } = JSON.parse(read('../package.json'))
    expect([version, appVersion]).toEqual([packaged, packaged])
    expect(container.image).toBe(fairleadImage().reference)
  })

  test('its schema names every value, and refuses others', () => {
    const schema = JSON.parse(read('chart/values.schema.json'))
    expect(unnamed(parse(read('chart/values.yaml')), schema)).toEqual([])
    expect(schema.additionalProperties).toBe(false)
  })
})

describe('deploy/fairlead.yaml', () => {
  test('the control plane may do what the tables of kinds give (else: node tools/gen-deploy.ts)', () => {
    expect(find('ClusterRole').rules).toEqual(controllerRules())
    expect(find('Role').rules).toEqual(ownNamespaceRules())
  })

  test('the program takes the arguments of the Deployment', async () => {
    expect(await controllerFlags()).toMatchObject({ xdsAddress: '0.0.0.0:18000', probeAddress: '0.0.0.0:19000' })
  })

  test('`fairlead status` in the pod asks where the control plane answers', async () => {
    const address = container.env.find(
      (variable: { readonly name: string }) => variable.name === 'FAIRLEAD_ADMIN_ADDRESS',
    )
    expect(await controllerFlags()).toMatchObject({ adminAddress: address.value })
  })

  test('what is not written cannot be changed: read-only root, no capability, no root, no other service account', () => {
    const { securityContext, serviceAccountName } = find('Deployment').spec.template.spec
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    expect(securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
    expect(serviceAccountName).toBe('fairlead')
  })

  test('our own CRD is the one of the chart (else: node tools/gen-deploy.ts)', () => {
    const definition = objects.find(({ kind }) => kind === 'CustomResourceDefinition')
    expect(definition.spec).toEqual(parse(read('crds/fairlead.dev_gatewayparameters.yaml')).spec)
  })

  test('no CRD of the Gateway API is in it: those come from its own release', () => {
    const definitions = objects.filter(({ kind }) => kind === 'CustomResourceDefinition')
    expect(definitions.map(({ metadata }) => metadata.name).filter((name) => !name.endsWith('.fairlead.dev'))).toEqual(
      [],
    )
  })
})
