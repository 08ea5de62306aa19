import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type AccessOptions, AccessReader } from './cluster-access.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-access-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const read = (options: AccessOptions) => new AccessReader({ env: {}, ...options }).read()

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

const kubeconfig = `
clusters:
- name: one
  cluster: { server: "https://one:6443", certificate-authority: ca.crt }
- name: two
  cluster: { server: "https://two:6443", insecure-skip-tls-verify: true, tls-server-name: api }
users:
- name: cert
  user: { client-certificate-data: ${Buffer.from('CERT').toString('base64')}, client-key-data: ${Buffer.from('KEY').toString('base64')} }
- name: token
  user: { token: abc, as: somebody }
contexts:
- { name: first, context: { cluster: one, user: cert } }
- { name: second, context: { cluster: two, user: token } }
- { name: broken, context: { cluster: three, user: token } }
current-context: first
`

describe('AccessReader with a kubeconfig', () => {
  test('runs the program that makes tokens once, and again when its token is rejected', async () => {
    const count = join(folder, 'count')
    const status = '{"token": "t%s", "expirationTimestamp": "2099-01-01T00:00:00Z"}'
    const program = write(
      'program',
      `#!/bin/sh
echo run >> ${count}
printf '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": ${status}}' "$(wc -l < ${count} | tr -d ' ')"
`,
    )
    chmodSync(program, 0o755)
    const exec = 'apiVersion: client.authentication.k8s.io/v1, command: ./program, interactiveMode: Never'
    const path = write(
      'config',
      `${kubeconfig.replace('user: { token: abc, as: somebody }', `user: { exec: { ${exec} } }`)}`,
    )
    const reader = new AccessReader({ env: {}, kubeconfig: path, context: 'second' })
    const tokenOf = async (isRejected: boolean) => {
      const access = await reader.read(isRejected)
      return access.ok ? access.value.headers.authorization : access.error
    }
    expect(await tokenOf(false)).toBe('Bearer t1')
    expect(await tokenOf(false)).toBe('Bearer t1')
    expect(await tokenOf(true)).toBe('Bearer t2')
  })

  test('takes the current context; files are relative to the kubeconfig', async () => {
    write('ca.crt', 'CA')
    const access = await read({ kubeconfig: write('config', kubeconfig) })
    expect(access).toEqual({
      ok: true,
      value: {
        server: 'https://one:6443',
        ca: 'CA',
        cert: 'CERT',
        key: 'KEY',
        serverName: undefined,
        skipsVerification: false,
        headers: {},
      },
    })
  })

  test('takes the context that was asked for', async () => {
    const access = await read({ kubeconfig: write('config', kubeconfig), context: 'second' })
    expect(access).toMatchObject({
      ok: true,
      value: {
        server: 'https://two:6443',
        serverName: 'api',
        skipsVerification: true,
        headers: { authorization: 'Bearer abc', 'impersonate-user': 'somebody' },
      },
    })
  })

  test('puts several files together; the first that has something wins', async () => {
    const first = write('first', 'current-context: second\nusers: [{ name: token, user: { token: mine } }]')
    const paths = [first, join(folder, 'none'), write('config', kubeconfig)].join(delimiter)
    expect(await read({ env: { KUBECONFIG: paths } })).toMatchObject({
      ok: true,
      value: { server: 'https://two:6443', headers: { authorization: 'Bearer mine' } },
    })
  })

  test.each([
    ['a file that is not there', () => join(folder, 'none'), undefined, 'does not exist'],
    ['a context that is not there', () => write('c', kubeconfig), 'x', 'no context "x"; it has first, second, broken'],
    ['a cluster that is not there', () => write('c', kubeconfig), 'broken', 'no cluster "three"'],
    ['no context', () => write('c', 'clusters: []'), undefined, 'no current-context; pass --context'],
    ['no YAML', () => write('c', 'a: [b'), undefined, 'cannot be used'],
    ['no mapping', () => write('c', '7'), undefined, 'is no kubeconfig'],
    ['a file that it names and is not there', () => write('c', kubeconfig), 'first', 'ca.crt'],
    ['a proxy', () => write('c', kubeconfig.replace('tls-server-name', 'proxy-url')), 'second', 'proxy-url'],
    ['a server that is no URL', () => write('c', kubeconfig.replace('https://two:6443', 'two')), 'second', 'no URL'],
  ])('says what is wrong: %s', async (_, path, context, message) => {
    const access = await read({ kubeconfig: path(), context })
    expect(access).toMatchObject({ ok: false, error: expect.stringContaining(message) })
  })
})

describe('AccessReader in a pod', () => {
  test('is the service account; its token is read anew each time', async () => {
    const serviceAccountFolder = join(folder, 'sa')
    mkdirSync(serviceAccountFolder)
    write('sa/token', 'one\n')
    write('sa/ca.crt', 'CA')
    const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' }
    const reader = new AccessReader({ env, serviceAccountFolder })
    expect(await reader.read()).toMatchObject({
      ok: true,
      value: { server: 'https://[fd00::1]:443', ca: 'CA', headers: { authorization: 'Bearer one' } },
    })
    write('sa/token', 'two\n')
    expect(await reader.read()).toMatchObject({ ok: true, value: { headers: { authorization: 'Bearer two' } } })
  })

  test('a token that is not mounted is said to be that', async () => {
    const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1' }
    const access = await read({ env, serviceAccountFolder: join(folder, 'none') })
    expect(access).toMatchObject({ ok: false, error: expect.stringContaining('automountServiceAccountToken') })
  })
})
