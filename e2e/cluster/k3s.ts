import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { K3sContainer, type StartedK3sContainer } from '@testcontainers/k3s'
import { enterContainer, removeContainer, startLoadBalancer, withLocalServer } from './container.ts'
import { cacheFolder, ensurePrograms } from './programs.ts'
import type { Cluster, ClusterProvider } from './provider.ts'

const defaultImage = 'rancher/k3s:v1.36.3-k3s1'
const loadBalancer = (id: string) => `fairlead-${id}-load-balancer`
const folderOf = (id: string) => join(cacheFolder(), `k3s-${id}`)

/** Of this process: testcontainers removes a container when the process that started it is gone. */
const started = new Map<string, StartedK3sContainer>()

/** k3s of one node in Docker, by testcontainers. FAIRLEAD_K3S_IMAGE names another image than the default. */
export const k3sProvider: ClusterProvider = {
  name: 'k3s',
  async start(id, step) {
    await k3sProvider.remove(id)
    const container = await step('k3s', () =>
      new K3sContainer(process.env.FAIRLEAD_K3S_IMAGE || defaultImage)
        // Its own load balancer has one address for all Services.
        .withCommand(['server', '--disable=traefik', '--disable=servicelb'])
        .start(),
    )
    started.set(id, container)
    const cluster = await clusterOf(id, container)
    await startLoadBalancer(loadBalancer(id), container.getId(), cluster.kubeconfig)
    return cluster
  },
  async find() {
    return undefined
  },
  async remove(id) {
    await removeContainer(loadBalancer(id))
    await started.get(id)?.stop()
    started.delete(id)
    rmSync(folderOf(id), { recursive: true, force: true })
  },
}

async function clusterOf(id: string, container: StartedK3sContainer): Promise<Cluster> {
  mkdirSync(folderOf(id), { recursive: true })
  const kubeconfig = join(folderOf(id), 'kubeconfig')
  writeFileSync(kubeconfig, withLocalServer(container.getKubeConfig()), { mode: 0o600 })
  return {
    kubeconfig,
    kubectl: join(await ensurePrograms('kubernetes'), 'kubectl'),
    nodes: [{ name: container.getHostname(), address: '127.0.0.1' }],
    enter: enterContainer(container.getId()),
    async loadImage(tarFile) {
      const target = `/tmp/${basename(tarFile)}`
      await container.copyFilesToContainer([{ source: tarFile, target }])
      const { exitCode, output } = await container.exec(['ctr', '-n', 'k8s.io', 'images', 'import', target])
      if (exitCode !== 0) throw new Error(`${tarFile} could not be imported: ${output}`)
    },
    stop: () => k3sProvider.remove(id),
  }
}
