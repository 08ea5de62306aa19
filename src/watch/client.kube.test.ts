import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { silentLogger } from '../lib/logger.ts'
import { type ApiServer, startApiServer } from '../testing/api-server.ts'
import { type ConnectOptions, connectCluster } from './client.ts'

let server: ApiServer
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-login-'))
  server = await startApiServer()
}, 120_000)
afterAll(async () => {
  await server?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Who the API server takes us for. */
async function whoAmI(options: Partial<ConnectOptions>): Promise<unknown> {
  const connected = await connectCluster({ logger: silentLogger(), ...options })
  if (!connected.ok) throw new Error(connected.error)
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }
  try {
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
    const answer = await connected.value.send({ method: 'POST', path, body })
    return Reflect.get(Object(Reflect.get(Object(Reflect.get(Object(answer), 'status')), 'userInfo')), 'username')
  } finally {
    await connected.value.close()
  }
}

function kubeconfigFor(user: object): string {
  const path = join(folder, 'kubeconfig')
  const ca = Buffer.from(server.ca).toString('base64')
  const config = {
    clusters: [{ name: 'c', cluster: { server: server.url, 'certificate-authority-data': ca } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  }
  writeFileSync(path, JSON.stringify(config))
  return path
}

describe('the client logs in', () => {
  test('with the kubeconfig of an admin', async () => {
    expect(await whoAmI({ kubeconfig: server.kubeconfig })).toBe('admin')
  })

  test('as the service account of its pod', async () => {
    await server.apply('{apiVersion: v1, kind: ServiceAccount, metadata: {name: fairlead, namespace: default}}')
    writeFileSync(join(folder, 'token'), await server.kubectl(['create', 'token', 'fairlead']))
    writeFileSync(join(folder, 'ca.crt'), server.ca)
    const { hostname, port } = new URL(server.url)
    const env = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port }
    expect(await whoAmI({ env, serviceAccountFolder: folder })).toBe('system:serviceaccount:default:fairlead')
  })

  test('with what a program prints, relative to the kubeconfig', async () => {
    const credential = {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: server.token },
    }
    writeFileSync(join(folder, 'login'), `#!/bin/sh\necho '${JSON.stringify(credential)}'\n`, { mode: 0o755 })
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: './login', interactiveMode: 'Never' }
    expect(await whoAmI({ kubeconfig: kubeconfigFor({ exec }) })).toBe('admin')
  })
})
