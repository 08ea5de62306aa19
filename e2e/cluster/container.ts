/** A node of a cluster that is a Docker container: how to get into its network, and its LoadBalancer loop. */
import { join } from 'node:path'
import { attempt, run } from './command.ts'
import { cacheFolder } from './programs.ts'

const root = join(import.meta.dirname, '..', '..')
/** Only its libraries of C and C++ are used: programs come from this machine. */
const emptyImage = 'debian:bookworm-slim'
const passedOn = ['KUBECONFIG', 'FAIRLEAD_CLUSTER_FACTS', 'FAIRLEAD_E2E_CHANGING_SECONDS', 'FORCE_COLOR']

/** What stands before a command so that it runs in the network of a container, with this repository and the cache. */
export function enterContainer(container: string, more: readonly string[] = ['--rm', '-i']): readonly string[] {
  const folders = [root, cacheFolder()].flatMap((folder) => ['-v', `${folder}:${folder}`])
  const environment = passedOn.flatMap((name) => ['-e', name])
  return [
    'docker',
    'run',
    // The first process of a container hears no signal that it does not ask for, and adopts what others leave.
    '--init',
    ...more,
    '--network',
    `container:${container}`,
    ...folders,
    ...environment,
    '-w',
    root,
    emptyImage,
  ]
}

/** Starts the loop that gives LoadBalancer Services addresses, beside the API server in that container. */
export async function startLoadBalancer(name: string, container: string, kubeconfig: string): Promise<void> {
  const [program = '', ...args] = enterContainer(container, ['-d', '--name', name])
  await run(program, [...args, process.execPath, join(import.meta.dirname, 'bare', 'load-balancer.ts'), kubeconfig])
}

/** Removes a container by force, if it is there. */
export async function removeContainer(name: string): Promise<void> {
  await attempt('docker', ['rm', '-f', name])
}

/** The kubeconfig as it is used inside of the API server's own container. */
export function withLocalServer(kubeconfig: string): string {
  return kubeconfig.replace(/server: .*/, 'server: https://127.0.0.1:6443')
}
