/** Installs what a user would install, from the same files. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './cluster/command.ts'
import { gatewayApiFiles } from './cluster/gateway-api.ts'
import { backendImages, ensureImage } from './cluster/images.ts'
import { cacheFolder } from './cluster/programs.ts'
import type { Cluster, Step } from './cluster/provider.ts'

const root = join(import.meta.dirname, '..')

/** Writes the images of Fairlead and of Envoy, and makes them and those of the backends known to every node. */
export async function loadImages(cluster: Cluster, step: Step): Promise<void> {
  const folder = join(cacheFolder(), 'images')
  await step('images of Fairlead and Envoy', () =>
    run(process.execPath, [join(root, 'tools/image.ts'), '--out', folder]),
  )
  const ours = ['fairlead', 'envoy'].map((name) => join(folder, `${name}.tar`))
  const backends = await step('images of backends', () => Promise.all(backendImages.map(ensureImage)))
  await step('images on the nodes', async () => {
    for (const file of [...ours, ...backends]) await cluster.loadImage(file)
  })
}

/** Applies the Gateway API's definitions and Fairlead, and waits until it is ready. */
export async function install(cluster: Cluster, step: Step): Promise<void> {
  const [program = '', ...before] = [...cluster.enter, cluster.kubectl, `--kubeconfig=${cluster.kubeconfig}`]
  const kubectl = (...args: readonly string[]) => run(program, [...before, ...args])
  // By standard input: Go keeps the definitions where a container does not see them.
  const apply = (files: readonly string[]) => {
    const input = files.map((file) => readFileSync(file, 'utf8')).join('\n---\n')
    return run(program, [...before, 'apply', '--server-side', '-f', '-'], { input })
  }
  await step('Gateway API', async () => {
    await apply(await gatewayApiFiles('experimental'))
    await kubectl('wait', '--for=condition=Established', '--all', 'customresourcedefinitions', '--timeout=60s')
  })
  await step('Fairlead', async () => {
    const ours = ['-n', 'fairlead-system']
    const before = await kubectl(...ours, 'get', 'deployment', 'fairlead', '--ignore-not-found', '-o', 'name')
    await apply([join(root, 'deploy/fairlead.yaml')])
    // In a cluster that was kept: the tag of the image is the same when only the code changed.
    if (before !== '') await kubectl(...ours, 'rollout', 'restart', 'deployment/fairlead')
    await kubectl(...ours, 'rollout', 'status', 'deployment/fairlead', '--timeout=120s')
  })
}
