import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { silentLogger } from '../lib/logger.ts'
import { type ApiServer, startApiServer } from '../testing/api-server.ts'
import type { SecretWatcherLine } from '../testing/secret-watcher.ts'
import { type ConnectedCluster, connectCluster } from './client.ts'

const foreignCount = 1000
const foreignBytes = 1024 * 1024 - 64
const secrets = '/api/v1/namespaces/default/secrets'
const program = fileURLToPath(new URL('../testing/secret-watcher.ts', import.meta.url))

let server: ApiServer
let client: ConnectedCluster
const children: ChildProcess[] = []
beforeAll(async () => {
  server = await startApiServer()
  const connected = await connectCluster({ kubeconfig: server.kubeconfig, logger: silentLogger(), maxConcurrent: 4 })
  if (!connected.ok) throw new Error(connected.error)
  client = connected.value
}, 120_000)
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await client?.close()
  await server?.stop()
})

/** Starts the watcher; `line` resolves to what it prints about an event. */
function startWatcher() {
  const child = spawn(process.execPath, ['--expose-gc', program, server.kubeconfig], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const lines = createInterface({ input: child.stdout })
  const line = async (event: string): Promise<SecretWatcherLine> => {
    for (;;) {
      const [text]: string[] = await once(lines, 'line')
      const told: SecretWatcherLine = JSON.parse(text ?? '')
      if (told.event === event) return told
    }
  }
  return { line }
}

function createSecret(name: string, type: string, data: object): Promise<unknown> {
  const body = { apiVersion: 'v1', kind: 'Secret', metadata: { name }, type, data }
  return client.send({ method: 'POST', path: secrets, body })
}

test('a thousand foreign Secrets of a MiB each are neither transferred nor held', async () => {
  const watcher = startWatcher()
  const before = await watcher.line('synced')
  const content = Buffer.alloc(foreignBytes, 'x').toString('base64')
  const foreign = Array.from({ length: foreignCount }, (_, i) => createSecret(`foreign-${i}`, 'Opaque', { content }))
  await Promise.all(foreign)
  const seen = watcher.line('Secret/default/ours')
  await createSecret('ours', 'kubernetes.io/tls', { 'tls.crt': 'YQ==', 'tls.key': 'Yg==' })
  const after = await seen
  expect(after.watchedBytes - before.watchedBytes).toBeLessThan(100_000)
  expect(after.rssBytes - before.rssBytes).toBeLessThan(32 * 1024 * 1024)
  const late = await startWatcher().line('synced')
  expect(late.watchedBytes).toBeLessThan(100_000)
  expect(late.rssBytes - before.rssBytes).toBeLessThan(32 * 1024 * 1024)
}, 900_000)
