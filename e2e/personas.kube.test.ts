import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { currentCluster } from './cluster/facts.ts'

const { runKubectl } = currentCluster()

/** Subjects: one service account for each of the roles that Kubernetes ships for namespaces. */
const roles = ['view', 'edit', 'admin'] as const

/** A RoleBinding of every role, in a namespace of its own. */
function bindings(): string {
  const objects = roles.map((name) => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name, namespace: 'personas' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
    subjects: [{ kind: 'ServiceAccount', name, namespace: 'personas' }],
  }))
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'personas' } }
  return [namespace, ...objects].map((object) => JSON.stringify(object)).join('\n---\n')
}

async function may(role: string, verb: string, resource: string): Promise<boolean> {
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: {
      user: `system:serviceaccount:personas:${role}`,
      resourceAttributes: { namespace: 'personas', verb, group: 'gateway.networking.k8s.io', resource },
    },
  }
  const asked = ['create', '-f', '-', '-o', 'jsonpath={.status.allowed}']
  return (await runKubectl(asked, JSON.stringify(review))) === 'true'
}

describe('the roles that Kubernetes ships', () => {
  beforeAll(async () => {
    await runKubectl(['apply', '--server-side', '-f', '-'], bindings())
  })
  afterAll(() => runKubectl(['delete', 'namespace', 'personas', '--wait=false']))

  test.each([
    ['view', 'list', 'gateways', true],
    ['view', 'update', 'httproutes', false],
    ['edit', 'update', 'httproutes', true],
    ['edit', 'update', 'gateways', false],
    ['admin', 'update', 'gateways', true],
    ['admin', 'update', 'gatewayclasses', false],
  ])('%s may %s %s in its namespace: %s', async (role, verb, resource, expected) => {
    // A controller adds the rules of our roles to those some time after the installation.
    await expect.poll(() => may(role, verb, resource), { timeout: 30_000 }).toBe(expected)
  })
})
