/** One Envoy of a fleet without a kubelet: its files come from the fleet's ConfigMap, its token from the API server. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fleetPaths } from '../../src/infra/fleet-files.ts'
import { tokenAudience } from '../../src/infra/fleet-settings.ts'
import { freePort, until } from '../../src/testing/envoy-rig.ts'
import { type KubeClient, KubeError } from '../../src/watch/kube-client.ts'
import type { FakeEnvoyOptions } from '../../src/xds/fake-envoy.ts'
import { inParallel } from './workload.ts'

export interface ProxyOptions {
  readonly client: KubeClient
  readonly binary: string
  readonly namespace: string
  /** Name of the fleet's objects. */
  readonly fleet: string
}

/** A running Envoy. */
export interface RunningProxy {
  readonly pid: number
  stop(): Promise<void>
}

/** Waits until the fleet was applied, then starts a proxy of it. It may not be ready yet. */
export async function startProxy(options: ProxyOptions): Promise<RunningProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-proxy-'))
  for (const [name, text] of Object.entries(await fleetFiles(options))) {
    writeFileSync(join(folder, name), await moved(text, folder))
  }
  writeFileSync(join(folder, 'token'), await podToken(options, podName(options)), { mode: 0o600 })
  const node = ['--service-node', `${options.namespace}/${podName(options)}`]
  const args = ['--config-path', join(folder, 'bootstrap.json'), ...node, '--concurrency', '1', '--log-level', 'error']
  const child = spawn(options.binary, [...args, '--disable-hot-restart', '--drain-strategy', 'immediate'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  await once(child, 'spawn')
  return {
    pid: child.pid ?? 0,
    stop: async () => {
      await end(child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** What many proxies of the fleet connect with. */
export async function fakeProxies(
  options: Omit<ProxyOptions, 'binary'>,
  { count, port, gateway }: { readonly count: number; readonly port: number; readonly gateway: string },
): Promise<readonly FakeEnvoyOptions[]> {
  const { client, namespace, fleet } = options
  const path = '/api/v1/namespaces/fairlead-system/secrets/fairlead-xds'
  const { data } = Object(await client.send({ method: 'GET', path }))
  const tls = { caPem: Buffer.from(data['ca.crt'], 'base64').toString(), serverName: 'fairlead.fairlead-system.svc' }
  const proxies: FakeEnvoyOptions[] = []
  await inParallel([...Array(count).keys()], async (index) => {
    const name = `${fleet}-fake-${index}`
    proxies.push({ port, gateway, tls, nodeId: `${namespace}/${name}`, token: await podToken(options, name) })
  })
  return proxies
}

function podName({ fleet }: ProxyOptions): string {
  return `${fleet}-0`
}

async function fleetFiles({ client, namespace, fleet }: ProxyOptions): Promise<Readonly<Record<string, string>>> {
  const path = `/api/v1/namespaces/${namespace}/configmaps/${fleet}`
  const found = await until(
    () => getOrNothing(client, path),
    (answer) => answer !== undefined,
    { what: path, timeoutMs: 300_000, everyMs: 20 },
  )
  return Object(found).data
}

async function getOrNothing(client: KubeClient, path: string): Promise<unknown> {
  try {
    return await client.send({ method: 'GET', path })
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return undefined
    throw error
  }
}

/** The folders are others than in a container, and the proxy's own ports must be free on this machine. */
async function moved(text: string, folder: string): Promise<string> {
  const here = text.replaceAll(fleetPaths.config, folder).replaceAll(fleetPaths.tokenFolder, folder)
  const own = [...new Set(here.match(/"port_value": 190\d\d\b/g))]
  let result = here
  for (const port of own) result = result.replaceAll(port, `"port_value": ${await freePort()}`)
  return result
}

/** A token bound to a pod that no node runs. */
async function podToken({ client, namespace, fleet }: Omit<ProxyOptions, 'binary'>, name: string): Promise<string> {
  const base = `/api/v1/namespaces/${namespace}`
  const spec = { serviceAccountName: fleet, containers: [{ name: 'envoy', image: 'envoy' }] }
  const pod = await client.send({
    method: 'POST',
    path: `${base}/pods`,
    body: { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec },
  })
  const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name, uid: Object(pod).metadata.uid }
  const answer = await client.send({
    method: 'POST',
    path: `${base}/serviceaccounts/${fleet}/token`,
    body: { spec: { audiences: [tokenAudience], expirationSeconds: 7200, boundObjectRef } },
  })
  return Object(answer).status.token
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}
