/** A real API server with its etcd on free ports of 127.0.0.1: no nodes, no controllers, no Docker, no root. */
import { execFile } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:https'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { must } from '../lib/assert.ts'
import { Daemon } from './daemon.ts'

/** A running API server. Its one user, `admin`, may do everything. */
export interface ApiServer {
  /** As `https://127.0.0.1:41234`. */
  readonly url: string
  /** PEM of the certificates that a client must trust. */
  readonly ca: string
  /** Bearer token of `admin`. */
  readonly token: string
  /** Path of a kubeconfig for `admin`. */
  readonly kubeconfig: string
  /** Runs kubectl as `admin` and returns what it prints on standard output. */
  kubectl(args: readonly string[], input?: string): Promise<string>
  /** Server-side applies YAML or JSON documents. Where there are definitions, waits until they are served. */
  apply(documents: string): Promise<void>
  /** Installs the definitions of a channel of the Gateway API and waits until they are served: four seconds. */
  installGatewayApi(channel?: 'standard' | 'experimental'): Promise<void>
  /** Process ids of the server and of its etcd, as they are now. */
  pids(): { readonly server: number; readonly etcd: number }
  /** Ends the server as a crash would; etcd stays. */
  crash(): Promise<void>
  /** Starts the server again after `crash`, on the same port, and waits until it is ready. */
  start(): Promise<void>
  /** Ends everything and removes its files. */
  stop(): Promise<void>
}

/** How it is started. */
export interface ApiServerOptions {
  /** Added to the server's. */
  readonly flags?: readonly string[] | undefined
  /** The program of etcd. Default: the one on the path. */
  readonly etcd?: string | undefined
}

/** Starts both and waits until the server is ready: five seconds on two idle cores. */
export async function startApiServer(options: ApiServerOptions = {}): Promise<ApiServer> {
  const kubeApiserver = kubeProgram('kube-apiserver')
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-api-'))
  const [etcdPort, peerPort, port] = await freePorts()
  const token = randomBytes(16).toString('hex')
  writeKeys(folder, token)
  const etcd = new Daemon(options.etcd ?? 'etcd', etcdArguments(folder, etcdPort, peerPort))
  const server = new Daemon(kubeApiserver, [...serverArguments(folder, etcdPort, port), ...(options.flags ?? [])])
  const start = async () => {
    server.start()
    await server.untilReady(() => isReady(port, token))
  }
  const stop = async () => {
    await Promise.all([server.kill(), etcd.kill()])
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    etcd.start()
    await start()
  } catch (error) {
    await stop()
    throw new Error(`the API server did not start; etcd printed:\n${etcd.printed.slice(-1000)}`, { cause: error })
  }
  const url = `https://127.0.0.1:${port}`
  const ca = readFileSync(join(folder, 'apiserver.crt'), 'utf8')
  const kubeconfig = writeKubeconfig(folder, { url, ca, token })
  const pids = () => ({ server: must(server.pid, 'the API server is down'), etcd: must(etcd.pid, 'etcd is down') })
  return { url, ca, token, kubeconfig, ...commands(kubeconfig), pids, start, stop, crash: () => server.kill() }
}

function commands(kubeconfig: string): Pick<ApiServer, 'kubectl' | 'apply' | 'installGatewayApi'> {
  const kubectl = async (args: readonly string[], input = '') => {
    const options = { maxBuffer: 256 * 1024 * 1024 }
    const running = promisify(execFile)(kubeProgram('kubectl'), ['--kubeconfig', kubeconfig, ...args], options)
    running.child.stdin?.end(input)
    return (await running).stdout
  }
  const apply = async (documents: string) => {
    const names = await kubectl(['apply', '--server-side', '--force-conflicts', '-o', 'name', '-f', '-'], documents)
    const definitions = names.split('\n').filter((name) => name.startsWith('customresourcedefinition'))
    if (definitions.length > 0) await kubectl(['wait', '--for=condition=Established', ...definitions])
  }
  return { kubectl, apply, installGatewayApi: (channel = 'experimental') => apply(gatewayApi(channel)) }
}

/** All definitions of a channel. The folder also holds a kustomization.yaml, which is no object. */
function gatewayApi(channel: string): string {
  const folder = join(process.env.FAIRLEAD_GATEWAY_API ?? '', channel)
  if (!existsSync(folder)) throw new Error(`FAIRLEAD_GATEWAY_API names no folder with ${channel} definitions`)
  const files = readdirSync(folder).filter((name) => /^gateway\.networking.*\.yaml$/.test(name))
  return files.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n---\n')
}

function kubeProgram(name: string): string {
  const path = join(process.env.FAIRLEAD_KUBE_BIN ?? '', name)
  if (existsSync(path)) return path
  throw new Error(`FAIRLEAD_KUBE_BIN names no folder with ${name}: vitest sets it in the project "kube"`)
}

function etcdArguments(folder: string, port: number, peerPort: number): readonly string[] {
  const [client, peer] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peerPort}`]
  const listen = ['--listen-client-urls', client, '--listen-peer-urls', peer]
  const advertise = ['--advertise-client-urls', client, '--initial-advertise-peer-urls', peer]
  const identity = ['--name', 'test', '--initial-cluster', `test=${peer}`, '--data-dir', join(folder, 'etcd')]
  return [...identity, ...listen, ...advertise, '--unsafe-no-fsync', '--log-level', 'error']
}

function serverArguments(folder: string, etcdPort: number, port: number): readonly string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    `--cert-dir=${folder}`,
    `--token-auth-file=${join(folder, 'tokens.csv')}`,
    '--authorization-mode=RBAC',
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${join(folder, 'service-accounts.key')}`,
    `--service-account-signing-key-file=${join(folder, 'service-accounts.key')}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    '--allow-privileged=true',
    // No controller makes the service account `default` of a namespace, which pods would have to wait for.
    '--disable-admission-plugins=ServiceAccount',
    // The API server's own Service cannot have a loopback address as its endpoint.
    '--endpoint-reconciler-type=none',
  ]
}

function writeKeys(folder: string, token: string): void {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = privateKey.export({ type: 'pkcs1', format: 'pem' })
  writeFileSync(join(folder, 'service-accounts.key'), pem, { mode: 0o600 })
  writeFileSync(join(folder, 'tokens.csv'), `${token},admin,admin,system:masters\n`, { mode: 0o600 })
}

function writeKubeconfig(folder: string, server: Pick<ApiServer, 'url' | 'ca' | 'token'>): string {
  const path = join(folder, 'kubeconfig')
  const cluster = { server: server.url, 'certificate-authority-data': Buffer.from(server.ca).toString('base64') }
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster }],
    users: [{ name: 'admin', user: { token: server.token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    'current-context': 'test',
  }
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 })
  return path
}

/** `/readyz`, asked without a check of the certificate, which the server is only making. */
function isReady(port: number, token: string): Promise<boolean> {
  const options = { rejectUnauthorized: false, headers: { authorization: `Bearer ${token}` }, timeout: 2000 }
  return new Promise((resolve) => {
    const asked = get(`https://127.0.0.1:${port}/readyz`, options, (answer) => {
      answer.resume()
      resolve(answer.statusCode === 200)
    })
    asked.on('error', () => resolve(false)).on('timeout', () => asked.destroy())
  })
}

async function freePorts(): Promise<readonly [number, number, number]> {
  const servers = await Promise.all([listen(), listen(), listen()])
  const [first, second, third] = servers.map(({ port }) => port)
  await Promise.all(servers.map(({ close }) => close()))
  return [first ?? 0, second ?? 0, third ?? 0]
}

function listen(): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server = createServer()
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()))
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve({ port: (server.address() as AddressInfo).port, close }))
  })
}
