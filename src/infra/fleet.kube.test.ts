/** What is rendered for a Gateway is what a real API server takes, from somebody with no more rights than we ask for. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { controllerPermissions, fleetObjectsTable, type ManagedObject } from '../api/managed-kinds.ts'
import { type ApiServer, startApiServer } from '../testing/api-server.ts'
import { fleetCases, testFleetSettings, testInfra } from '../testing/fleet-golden.ts'
import { renderFleet } from './fleet.ts'

const controller = 'system:serviceaccount:fairlead-system:fairlead'
const applied = ['apply', '--server-side', '--field-manager=fairlead', '--warnings-as-errors', '-f', '-']

let server: ApiServer
beforeAll(async () => {
  // An owner reference that blocks deletion needs rights on the owner's finalizers: not by default, but in OpenShift.
  const admission = '--enable-admission-plugins=OwnerReferencesPermissionEnforcement'
  server = await startApiServer({ flags: [admission, '--service-cluster-ip-range=10.96.0.0/16,fd00:96::/108'] })
  await server.installGatewayApi('standard')
  await server.apply(restrictedNamespace('infra'))
  await server.apply(role())
}, 120_000)
afterAll(() => server?.stop())

function restrictedNamespace(name: string): string {
  const labels = ['enforce', 'warn'].map((mode) => `pod-security.kubernetes.io/${mode}: restricted`).join(', ')
  return `{apiVersion: v1, kind: Namespace, metadata: {name: ${name}, labels: {${labels}}}}`
}

/** The role that follows from our tables, bound to the control plane. */
function role(): string {
  const rules = [
    ...fleetObjectsTable.map(({ group, plural, verbs }) => ({ apiGroups: [group], resources: [plural], verbs })),
    ...controllerPermissions
      .filter(({ scope }) => scope === 'cluster')
      .map(({ group, resource, verbs }) => ({ apiGroups: [group], resources: [resource], verbs })),
  ]
  const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: 'fairlead' } }
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'fairlead' }
  const subjects = [{ kind: 'ServiceAccount', namespace: 'fairlead-system', name: 'fairlead' }]
  return documents([
    { ...rbac, kind: 'ClusterRole', rules },
    { ...rbac, kind: 'ClusterRoleBinding', roleRef, subjects },
  ])
}

function documents(objects: readonly unknown[]): string {
  return objects.map((object) => JSON.stringify(object)).join('\n---\n')
}

/** The pod that a workload would make. */
function podOf({ metadata: { namespace }, spec }: ManagedObject): unknown {
  if (typeof spec !== 'object' || spec === null || !('template' in spec)) return undefined
  const { template } = spec
  if (typeof template !== 'object' || template === null) return undefined
  const metadata = 'metadata' in template && typeof template.metadata === 'object' ? template.metadata : {}
  return { ...template, apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, namespace, name: 'one' } }
}

describe('a real API server', () => {
  test.each(fleetCases().map((golden) => ({ ...golden })))('takes $name without a warning', async ({ infra }) => {
    const objects = renderFleet(infra, testFleetSettings)
    const taken = await server.kubectl(
      [...applied, '--dry-run=server', '-o', 'name', '--as', controller],
      documents(objects),
    )
    expect(taken.trim().split('\n')).toHaveLength(objects.length)
    const pods = objects.map(podOf).filter((pod) => pod !== undefined)
    expect(await server.kubectl([...applied, '--dry-run=server', '-o', 'name'], documents(pods))).toBe('pod/one\n')
  })

  test('the check above sees a pod that is not restricted', async () => {
    const [pod] = renderFleet(testInfra(), testFleetSettings)
      .map(podOf)
      .filter((found) => found !== undefined)
    const text = documents([pod]).replace('"runAsNonRoot":true', '"runAsNonRoot":false')
    await expect(server.kubectl([...applied, '--dry-run=server'], text)).rejects.toThrow('runAsNonRoot')
  })

  test('changes nothing when the same is applied again: no default of its own fights what we send', async () => {
    const text = documents(renderFleet(testInfra(), testFleetSettings))
    const versions = ['-o', 'jsonpath={.metadata.resourceVersion} ', '--as', controller]
    const first = await server.kubectl([...applied, ...versions], text)
    expect(await server.kubectl([...applied, ...versions], text)).toBe(first)
  })

  test('keeps the replicas that an autoscaler set, since we do not name them', async () => {
    const text = documents(renderFleet(testInfra({ name: 'scaled' }), testFleetSettings))
    await server.kubectl([...applied, '--as', controller], text)
    await server.kubectl(['-n', 'infra', 'scale', 'deployment', 'scaled-fairlead', '--replicas=3'])
    await server.kubectl([...applied, '--as', controller], text)
    const replicas = ['-n', 'infra', 'get', 'deployment', 'scaled-fairlead', '-o', 'jsonpath={.spec.replicas}']
    expect(await server.kubectl(replicas)).toBe('3')
  })

  test('keeps the node port of a port whose neighbours change', async () => {
    const port = (number: number) => ({ port: number, bindPort: number, protocol: 'TCP' }) as const
    const nodePort = [
      '-n',
      'infra',
      'get',
      'service',
      'ports-fairlead',
      '-o',
      'jsonpath={.spec.ports[?(@.port==8080)].nodePort}',
    ]
    const seen = []
    for (const ports of [[8080], [8079, 8080, 8081], [8080, 8081]]) {
      const objects = renderFleet(testInfra({ name: 'ports', ports: ports.map(port) }), testFleetSettings)
      await server.kubectl([...applied, '--as', controller], documents(objects))
      seen.push(await server.kubectl(nodePort))
    }
    expect(seen[0]).toMatch(/^3\d{4}$/)
    expect(new Set(seen).size).toBe(1)
  })
})
