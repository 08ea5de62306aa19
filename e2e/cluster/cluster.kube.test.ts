import { Resolver } from 'node:dns/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from './command.ts'
import { currentCluster } from './facts.ts'

const namespace = 'cluster-test'
const objects = `
apiVersion: v1
kind: Namespace
metadata: { name: ${namespace} }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: echo, namespace: ${namespace} }
spec:
  replicas: 2
  selector: { matchLabels: { app: echo } }
  template:
    metadata: { labels: { app: echo } }
    spec:
      containers:
        - name: echo
          image: registry.k8s.io/gateway-api/conformance/echo-basic:v0.1.0
          env:
            - { name: POD_NAME, valueFrom: { fieldRef: { fieldPath: metadata.name } } }
            - { name: NAMESPACE, valueFrom: { fieldRef: { fieldPath: metadata.namespace } } }
---
apiVersion: v1
kind: Service
metadata: { name: echo, namespace: ${namespace} }
spec:
  type: LoadBalancer
  selector: { app: echo }
  ports: [{ port: 80, targetPort: 3000 }]
`

const ask = async (address: string) => {
  try {
    const answer = await fetch(`http://${address}/`, { signal: AbortSignal.timeout(1000) })
    return (await answer.json()) as { readonly pod: string }
  } catch {
    return undefined // No rule leads there yet.
  }
}

describe('a cluster', () => {
  const cluster = currentCluster()
  const inTest = (...args: readonly string[]) => cluster.runKubectl(['-n', namespace, ...args])
  const addressOf = (path: string) => inTest('get', 'service', 'echo', '-o', `jsonpath={${path}}`)

  beforeAll(async () => {
    await cluster.runKubectl(['apply', '--server-side', '-f', '-'], objects)
    await inTest('rollout', 'status', 'deployment/echo', '--timeout=120s')
  })
  afterAll(() => cluster.runKubectl(['delete', 'namespace', namespace]))

  test('every pod is reached by its own address, wherever it runs', async () => {
    const format = 'jsonpath={range .items[*]}{.metadata.name} {.status.podIP} {end}'
    const words = (await inTest('get', 'pods', '-o', format)).trim().split(' ')
    const pods = [words.slice(0, 2), words.slice(2)]
    for (const [name, address] of pods) expect((await ask(`${address}:3000`))?.pod).toBe(name)
  })

  test('a Service is reached by its ClusterIP and by the name that DNS gives it', async () => {
    const address = await addressOf('.spec.clusterIP')
    const dns = await cluster.runKubectl([
      '-n',
      'kube-system',
      'get',
      'service',
      'kube-dns',
      '-o',
      'jsonpath={.spec.clusterIP}',
    ])
    const resolver = new Resolver()
    resolver.setServers([dns])
    expect(await resolver.resolve4(`echo.${namespace}.svc.cluster.local`)).toEqual([address])
    await waitFor('the ClusterIP answers', 10, async () => (await ask(address)) !== undefined)
  })

  test('a Service of type LoadBalancer gets an address that answers', async () => {
    let address = ''
    await waitFor('the Service has an address', 10, async () => {
      address = await addressOf('.status.loadBalancer.ingress[0].ip')
      return address !== ''
    })
    await waitFor('the address answers', 10, async () => (await ask(address)) !== undefined)
  })

  test('logs and exec reach the kubelet', async () => {
    expect(await inTest('logs', 'deployment/echo')).toContain('Starting server')
    await expect(inTest('exec', 'deployment/echo', '--', '/no-such-program')).rejects.toThrow('no such file')
  })
})
