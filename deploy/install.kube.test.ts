/** What a user installs, on a real API server: there are no nodes, so nothing of it runs. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseAllDocuments, stringify } from 'yaml'
import { ensurePrograms } from '../e2e/cluster/programs.ts'
import { compareBy } from '../src/lib/sorted.ts'
import { type ApiServer, startApiServer } from '../src/testing/api-server.ts'
import { helmTemplate } from '../tools/gen-deploy/render.ts'

const chart = join(import.meta.dirname, 'chart')
const rendered = readFileSync(join(import.meta.dirname, 'fairlead.yaml'), 'utf8')

const changed = rendered.replace('replicas: 1', 'replicas: 2')

let server: ApiServer
let helm: string
beforeAll(async () => {
  helm = join(await ensurePrograms('helm'), 'helm')
  server = await startApiServer()
  await server.installGatewayApi('standard')
}, 1_200_000)
afterAll(() => server?.stop())

async function runHelm(...args: readonly string[]): Promise<string> {
  const options = ['--kubeconfig', server.kubeconfig, '--namespace', 'fairlead-system']
  return (await promisify(execFile)(helm, [...args, ...options])).stdout
}

/** Objects by kind and name. */
function objectsOf(
  documents: string,
): readonly { readonly kind: string; readonly metadata: { readonly name: string } }[] {
  const objects = parseAllDocuments(documents).flatMap((document) => document.toJS() ?? [])
  return objects.sort(compareBy(({ kind, metadata }) => `${kind}/${metadata.name}`))
}

/** What the API server's authorizer says; `group/resource` or `group/resource/subresource`. */
async function may(
  user: string,
  verb: string,
  what: string,
  where: { readonly namespace?: string; readonly name?: string } = {},
): Promise<boolean> {
  const [group, resource, subresource] = what.split('/')
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user, resourceAttributes: { namespace: 'team', ...where, verb, group, resource, subresource } },
  }
  const asked = ['create', '-f', '-', '-o', 'jsonpath={.status.allowed}']
  return (await server.kubectl(asked, JSON.stringify(review))) === 'true'
}

describe('deploy/fairlead.yaml', () => {
  test('it is the chart with its default values', () => {
    const objects = objectsOf(rendered).filter(({ kind }) => kind !== 'Namespace')
    expect(objects).toEqual(objectsOf(helmTemplate(helm)))
  })

  test('it is applied, and then there is nothing left to change', async () => {
    const applied = await server.kubectl(['apply', '--server-side', '-f', '-'], rendered)
    expect(applied).toContain('gatewayclass.gateway.networking.k8s.io/fairlead serverside-applied')
    await expect(server.kubectl(['diff', '--server-side', '-f', '-'], rendered)).resolves.toBe('')
    await expect(server.kubectl(['diff', '--server-side', '-f', '-'], changed)).rejects.toMatchObject({
      stdout: expect.stringContaining('+  replicas: 2'),
    })
  })

  test('its pod is admitted where only restricted pods are (PodSecurity "Restricted")', async () => {
    const deployment = objectsOf(rendered).find(isDeployment)
    const pod = { apiVersion: 'v1', kind: 'Pod', ...podTemplate(deployment) }
    const dryRun = ['apply', '--server-side', '--dry-run=server', '--namespace', 'fairlead-system', '-f', '-']
    await expect(server.kubectl(dryRun, stringify(pod))).resolves.toContain('pod/restricted')
    const { securityContext: _, ...root } = pod.spec
    await expect(server.kubectl(dryRun, stringify({ ...pod, spec: root }))).rejects.toThrow('violates PodSecurity')
  })
})

function isDeployment({ kind }: { readonly kind: string }): boolean {
  return kind === 'Deployment'
}

function podTemplate(deployment: unknown): {
  readonly metadata: object
  readonly spec: Readonly<Record<string, unknown>>
} {
  const template: unknown = JSON.parse(JSON.stringify(deployment))?.spec.template
  if (typeof template !== 'object' || template === null || !('spec' in template)) throw new Error('no pod template')
  return { metadata: { name: 'restricted' }, spec: { ...(template.spec ?? {}) } }
}

test('examples/kubernetes/quickstart.yaml is accepted, its pods also where only restricted ones are', async () => {
  const example = readFileSync(join(import.meta.dirname, '../examples/kubernetes/quickstart.yaml'), 'utf8')
  await server.kubectl(['create', 'namespace', 'quickstart'])
  await server.kubectl(['label', 'namespace', 'quickstart', 'pod-security.kubernetes.io/enforce=restricted'])
  expect(await server.kubectl(['apply', '--server-side', '-f', '-'], example)).toContain('httproute')
  const pod = { apiVersion: 'v1', kind: 'Pod', ...podTemplate(objectsOf(example).find(isDeployment)) }
  const dryRun = ['apply', '--server-side', '--dry-run=server', '--namespace', 'quickstart', '-f', '-']
  await expect(server.kubectl(dryRun, stringify(pod))).resolves.toContain('pod/restricted')
})

describe('roles of deploy/fairlead.yaml', () => {
  const controller = 'system:serviceaccount:fairlead-system:fairlead'
  const developer = 'system:serviceaccount:team:developer'
  const operator = 'system:serviceaccount:team:operator'
  const provider = 'system:serviceaccount:team:provider'

  beforeAll(async () => {
    await server.kubectl(['apply', '--server-side', '-f', '-'], rendered)
    await server.apply(teams)
  })

  test.each([
    ['watch', 'gateway.networking.k8s.io/gateways', true],
    ['patch', 'gateway.networking.k8s.io/httproutes/status', true],
    ['patch', 'gateway.networking.k8s.io/httproutes', false],
    ['create', 'apps/deployments', true],
    ['list', '/secrets', true],
    ['update', '/secrets', false],
    ['list', '/pods', false],
    ['create', '/pods', false],
    ['create', 'rbac.authorization.k8s.io/clusterroles', false],
  ])('the control plane may %s %s: %s', async (verb, resource, expected) => {
    expect(await may(controller, verb, resource)).toBe(expected)
  })

  test('of the Secrets of its own namespace the control plane may change its own', async () => {
    const namespace = 'fairlead-system'
    expect(await may(controller, 'update', '/secrets', { namespace, name: 'fairlead-xds' })).toBe(true)
    expect(await may(controller, 'update', '/secrets', { namespace, name: 'other' })).toBe(false)
  })

  test.each([
    ['developer', developer, 'update', 'gateway.networking.k8s.io/httproutes', true],
    ['developer', developer, 'update', 'gateway.networking.k8s.io/gateways', false],
    ['developer', developer, 'get', 'gateway.networking.k8s.io/gateways', true],
    ['developer', developer, 'create', 'fairlead.dev/gatewayparameters', false],
    ['operator', operator, 'update', 'gateway.networking.k8s.io/gateways', true],
    ['operator', operator, 'create', 'fairlead.dev/gatewayparameters', false],
    ['operator', operator, 'update', 'gateway.networking.k8s.io/gatewayclasses', false],
    ['provider', provider, 'update', 'gateway.networking.k8s.io/gatewayclasses', true],
    ['provider', provider, 'create', 'fairlead.dev/gatewayparameters', true],
    ['provider', provider, 'update', 'gateway.networking.k8s.io/httproutes', false],
  ])('the %s (%s) may %s %s: %s', async (_, user, verb, resource, expected) => {
    expect(await may(user, verb, resource)).toBe(expected)
  })

  test('an application developer changes its HTTPRoute and not the Gateway, and nothing in other namespaces', async () => {
    const asDeveloper = (...args: readonly string[]) => server.kubectl([...args, '--as', developer])
    const patch = ['--type=merge', '--patch', '{"metadata":{"labels":{"changed":"true"}}}']
    expect(await asDeveloper('patch', 'httproute', 'shop', '-n', 'team', ...patch)).toContain('patched')
    await expect(asDeveloper('patch', 'gateway', 'edge', '-n', 'team', ...patch)).rejects.toThrow('Forbidden')
    expect(await may(developer, 'update', 'gateway.networking.k8s.io/httproutes', { namespace: 'default' })).toBe(false)
  })
})

const teams = `
apiVersion: v1
kind: Namespace
metadata: {name: team}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: developer, namespace: team}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: fairlead-application-developer}
subjects: [{kind: ServiceAccount, name: developer, namespace: team}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: operator, namespace: team}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: fairlead-cluster-operator}
subjects: [{kind: ServiceAccount, name: operator, namespace: team}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: provider}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: fairlead-infrastructure-provider}
subjects: [{kind: ServiceAccount, name: provider, namespace: team}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: team}
spec:
  gatewayClassName: fairlead
  listeners: [{name: http, port: 80, protocol: HTTP}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop, namespace: team}
spec:
  parentRefs: [{name: edge}]
`

describe('deploy/chart', () => {
  beforeAll(async () => {
    const [, ...withoutNamespace] = parseAllDocuments(rendered)
    await server.kubectl(['delete', '--ignore-not-found', '-f', '-'], withoutNamespace.join('\n---\n'))
  })

  test('helm lint finds nothing to complain about', async () => {
    expect(await runHelm('lint', '--strict', chart)).toContain('0 chart(s) failed')
  })

  test('it is installed, upgraded with other values and uninstalled, which leaves the CRD and what is of it', async () => {
    await runHelm('install', 'fairlead', chart)
    expect(await server.kubectl(['get', 'gatewayclass', 'fairlead', '-o', 'name'])).toContain('gatewayclass')
    await runHelm(
      'upgrade',
      'fairlead',
      chart,
      '--set',
      'replicas=2,podDisruptionBudget.enabled=true,listenAddress=[::]',
    )
    const get = (...args: readonly string[]) => server.kubectl(['get', '-n', 'fairlead-system', ...args])
    expect(await get('poddisruptionbudget', 'fairlead', '-o', 'name')).toContain('fairlead')
    expect(await get('deployment', 'fairlead', '-o', 'jsonpath={.spec.template.spec.containers[0].args}')).toContain(
      '[::]:18000',
    )
    await runHelm('uninstall', 'fairlead')
    await expect(server.kubectl(['get', 'gatewayclass', 'fairlead'])).rejects.toThrow('not found')
    expect(await server.kubectl(['get', 'crd', 'gatewayparameters.fairlead.dev', '-o', 'name'])).toContain('fairlead')
  })

  test.each([
    ['replicas=0', 'replicas'],
    ['logLevel=loud', 'logLevel'],
    ['image.tags=1', 'tags'],
  ])('the value %s is refused by name', (value, name) => {
    expect(() => helmTemplate(helm, [value])).toThrow(name)
  })
})
