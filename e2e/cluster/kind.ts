import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { attempt, run } from './command.ts'
import { enterContainer, removeContainer, startLoadBalancer, withLocalServer } from './container.ts'
import { cacheFolder, ensurePrograms } from './programs.ts'
import type { Cluster, ClusterProvider } from './provider.ts'

const nameOf = (id: string) => `fairlead-${id}`
const controlPlane = (id: string) => `${nameOf(id)}-control-plane`
const loadBalancer = (id: string) => `${nameOf(id)}-load-balancer`
const folderOf = (id: string) => join(cacheFolder(), `kind-${id}`)

/** Two nodes; pods may run on the first one too. */
const config = `kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes:
  - role: control-plane
    kubeadmConfigPatches:
      - |
        kind: InitConfiguration
        nodeRegistration: { taints: [] }
  - role: worker
`

/** Kubernetes in Docker by the program kind. */
export const kindProvider: ClusterProvider = {
  name: 'kind',
  async start(id, step) {
    await kindProvider.remove(id)
    await step('kind create cluster', () =>
      run('kind', ['create', 'cluster', '--name', nameOf(id), '--wait', '180s', '--config', '-'], { input: config }),
    )
    mkdirSync(folderOf(id), { recursive: true })
    const cluster = await clusterOf(id)
    await startLoadBalancer(loadBalancer(id), controlPlane(id), cluster.kubeconfig)
    return cluster
  },
  async find(id) {
    const { stdout } = await attempt('kind', ['get', 'clusters'])
    return stdout.split('\n').includes(nameOf(id)) ? clusterOf(id) : undefined
  },
  async remove(id) {
    await removeContainer(loadBalancer(id))
    await attempt('kind', ['delete', 'cluster', '--name', nameOf(id)])
    rmSync(folderOf(id), { recursive: true, force: true })
  },
}

async function clusterOf(id: string): Promise<Cluster> {
  const kubeconfig = join(folderOf(id), 'kubeconfig')
  const text = await run('kind', ['get', 'kubeconfig', '--name', nameOf(id)])
  writeFileSync(kubeconfig, withLocalServer(text), { mode: 0o600 })
  const names = (await run('kind', ['get', 'nodes', '--name', nameOf(id)])).trim().split('\n')
  return {
    kubeconfig,
    kubectl: join(await ensurePrograms('kubernetes'), 'kubectl'),
    nodes: await Promise.all(names.map(async (name) => ({ name, address: await addressOf(name) }))),
    enter: enterContainer(controlPlane(id)),
    loadImage: async (tarFile) => {
      await run('kind', ['load', 'image-archive', tarFile, '--name', nameOf(id)])
    },
    stop: () => kindProvider.remove(id),
  }
}

async function addressOf(container: string): Promise<string> {
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}'
  return (await run('docker', ['inspect', '-f', format, container])).trim()
}
