import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLogger } from '../lib/logger.ts'
import { testCertificate } from '../testing/certificates.ts'
import { type ConnectedCluster, type ConnectOptions, connectCluster } from './client.ts'
import { applyPatch } from './kube-client.ts'

let folder: string
let servers: Server[] = []
let clients: ConnectedCluster[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-client-'))
})
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()))
  for (const server of servers) server.closeAllConnections()
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  rmSync(folder, { recursive: true, force: true })
  servers = []
  clients = []
})

type Answerer = (request: IncomingMessage, response: ServerResponse, body: string) => void

function listen(server: Server): Promise<number> {
  servers.push(server)
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address: AddressInfo | string | null = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
}

const answering = (answer: Answerer) => (request: IncomingMessage, response: ServerResponse) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => answer(request, response, Buffer.concat(chunks).toString()))
}

function writeKubeconfig(cluster: object, user: object): string {
  const path = join(folder, 'kubeconfig')
  const config = {
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  }
  writeFileSync(path, JSON.stringify(config))
  return path
}

async function connect(kubeconfig: string, options: Partial<ConnectOptions> = {}): Promise<ConnectedCluster> {
  const connected = await connectCluster({ kubeconfig, logger: silentLogger(), ...options })
  if (!connected.ok) throw new Error(connected.error)
  clients.push(connected.value)
  return connected.value
}

async function connectTo(answer: Answerer, user: object = {}, options: Partial<ConnectOptions> = {}) {
  const port = await listen(createServer(answering(answer)))
  return connect(writeKubeconfig({ server: `http://127.0.0.1:${port}/prefix` }, user), options)
}

const get = { method: 'GET', path: '/version' } as const

describe('the client', () => {
  test('sends what it is told: method, path below that of the server, query, body, type and who we are', async () => {
    const seen: unknown[] = []
    const client = await connectTo(
      ({ method, url, headers }, response, body) => {
        seen.push(method, url, headers['content-type'], headers.authorization, headers.accept, body)
        response.end('{"a":1}')
      },
      { token: 'secret' },
    )
    const answer = await client.send({
      method: 'PATCH',
      path: '/a/b',
      query: { fieldManager: 'x y', none: undefined },
      contentType: applyPatch,
      body: { b: 2 },
    })
    expect(answer).toEqual({ a: 1 })
    expect(seen).toEqual([
      'PATCH',
      '/prefix/a/b?fieldManager=x+y',
      applyPatch,
      'Bearer secret',
      'application/json',
      '{"b":2}',
    ])
  })

  test('an error has status, reason, message and the time to wait', async () => {
    const client = await connectTo((_, response) => {
      response.writeHead(429, { 'retry-after': '7' })
      response.end(JSON.stringify({ kind: 'Status', reason: 'TooManyRequests', message: 'slow down' }))
    })
    await expect(client.send(get)).rejects.toMatchObject({
      status: 429,
      reason: 'TooManyRequests',
      retryAfterMs: 7000,
      message: 'GET /version: 429 TooManyRequests: slow down',
    })
  })

  test('Retry-After may be a date (RFC 9110 10.2.3)', async () => {
    const client = await connectTo((_, response) => {
      response.writeHead(503, { 'retry-after': new Date(Date.now() + 60_000).toUTCString() })
      response.end('down')
    })
    const error: unknown = await client.send(get).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ status: 503, message: expect.stringContaining('down') })
    expect(Reflect.get(Object(error), 'retryAfterMs')).toBeGreaterThan(50_000)
  })

  test('something that is no API server is named', async () => {
    const client = await connectTo((_, response) => response.end('<html>Welcome</html>'))
    await expect(client.send(get)).rejects.toMatchObject({
      status: 0,
      message: expect.stringContaining('no API server: "<html>Welcome</html>"'),
    })
  })

  test('a token that is not taken any more is read again, once', async () => {
    const tokenFile = join(folder, 'token')
    writeFileSync(tokenFile, 'old\n')
    const tokens: (string | undefined)[] = []
    const client = await connectTo(
      ({ headers }, response) => {
        tokens.push(headers.authorization)
        response.statusCode = headers.authorization === 'Bearer new' ? 200 : 401
        response.end('{}')
      },
      { tokenFile },
    )
    writeFileSync(tokenFile, 'new\n')
    await client.send(get)
    expect(tokens).toEqual(['Bearer old', 'Bearer new'])
    writeFileSync(tokenFile, 'worse\n')
    await client.send(get)
    expect(tokens).toHaveLength(3)
  })

  test('the token is read again when it is old', async () => {
    const tokenFile = join(folder, 'token')
    writeFileSync(tokenFile, 'one')
    const tokens: (string | undefined)[] = []
    const client = await connectTo(
      ({ headers }, response) => {
        tokens.push(headers.authorization)
        response.end('{}')
      },
      { tokenFile },
      { reloadMs: 0 },
    )
    await client.send(get)
    writeFileSync(tokenFile, 'two')
    await client.send(get)
    expect(tokens).toEqual(['Bearer one', 'Bearer two'])
  })

  test('so many requests are under way at once and no more', async () => {
    const held: ServerResponse[] = []
    let most = 0
    const client = await connectTo(
      (_, response) => {
        held.push(response)
        most = Math.max(most, held.length)
        if (held.length === 3) setImmediate(() => held.splice(0).forEach((one) => void one.end('{}')))
      },
      {},
      { maxConcurrent: 3 },
    )
    await Promise.all(Array.from({ length: 30 }, () => client.send(get)))
    expect(most).toBe(3)
  })

  test('a server that does not answer in time is given up', async () => {
    const client = await connectTo(() => {})
    await expect(client.send({ ...get, timeoutMs: 20 })).rejects.toMatchObject({
      status: 0,
      message: expect.stringContaining('within 20 ms'),
    })
  })

  test('a request that is given up ends', async () => {
    const controller = new AbortController()
    const client = await connectTo(() => controller.abort())
    await expect(client.send({ ...get, signal: controller.signal })).rejects.toMatchObject({ status: 0 })
  })

  test('nothing that listens is said to be that', async () => {
    const server = createServer()
    const port = await listen(server)
    await new Promise((resolve) => server.close(resolve))
    servers = []
    const client = await connect(writeKubeconfig({ server: `http://127.0.0.1:${port}` }, {}))
    await expect(client.send(get)).rejects.toThrow(/ECONNREFUSED.*nothing listens there/)
  })
})

describe('a stream of the client', () => {
  const read = async (client: ConnectedCluster, signal?: AbortSignal) => {
    const stream = await client.open({ ...get, signal })
    const texts: string[] = []
    for await (const chunk of stream) texts.push(Buffer.from(chunk).toString())
    return texts.join('')
  }

  test('outlives the time of a request and ends when the server ends it', async () => {
    const client = await connectTo((_, response) => {
      response.write('a')
      setTimeout(() => response.end('b'), 60)
    })
    const stream = await client.open({ ...get, timeoutMs: 30 })
    const texts: string[] = []
    for await (const chunk of stream) texts.push(Buffer.from(chunk).toString())
    expect(texts.join('')).toBe('ab')
  })

  test('a connection that breaks is an error', async () => {
    const client = await connectTo((_, response) => {
      response.write('a')
      setImmediate(() => response.destroy())
    })
    await expect(read(client)).rejects.toMatchObject({ name: 'KubeError', status: 0 })
  })

  test('closing it ends the reading and the connection', async () => {
    let isGone: Promise<unknown> | undefined
    const client = await connectTo((request, response) => {
      isGone = new Promise((resolve) => request.once('close', resolve))
      response.write('a')
    })
    const stream = await client.open(get)
    for await (const _ of stream) stream.close()
    await isGone
  })

  test('giving it up ends the reading with an error', async () => {
    const controller = new AbortController()
    const client = await connectTo((_, response) => {
      response.write('a')
      setImmediate(() => controller.abort())
    })
    await expect(read(client, controller.signal)).rejects.toMatchObject({ status: 0 })
  })

  test('an error of the server is one', async () => {
    const client = await connectTo((_, response) => {
      response.statusCode = 403
      response.end('{"reason":"Forbidden","message":"no"}')
    })
    await expect(client.open(get)).rejects.toMatchObject({ status: 403, reason: 'Forbidden' })
  })

  test('streams do not take the turns of requests', async () => {
    const client = await connectTo(
      ({ url }, response) => {
        if (url?.endsWith('/watch')) response.write('a')
        else response.end('{}')
      },
      {},
      { maxConcurrent: 1 },
    )
    const streams = await Promise.all([1, 2, 3].map(() => client.open({ ...get, path: '/watch' })))
    await client.send(get)
    for (const stream of streams) stream.close()
  })
})

describe('TLS of the client', () => {
  const { chain, key } = testCertificate()

  test('a server of the CA that we know is trusted, by the name that the kubeconfig says', async () => {
    const port = await listen(
      createTlsServer(
        { cert: chain, key },
        answering((_, response) => response.end('{}')),
      ),
    )
    const ca = { 'certificate-authority-data': Buffer.from(chain).toString('base64') }
    const cluster = { server: `https://127.0.0.1:${port}`, ...ca }
    const named = await connect(writeKubeconfig({ ...cluster, 'tls-server-name': 'localhost' }, {}))
    expect(await named.send(get)).toEqual({})
    const unnamed = await connect(writeKubeconfig(cluster, {}))
    await expect(unnamed.send(get)).rejects.toThrow('is tls-server-name missing?')
  })

  test('a server of another CA is refused, unless nobody looks', async () => {
    const port = await listen(
      createTlsServer(
        { cert: chain, key },
        answering((_, response) => response.end('{}')),
      ),
    )
    const ca = { 'certificate-authority-data': Buffer.from(testCertificate().chain).toString('base64') }
    const cluster = { server: `https://127.0.0.1:${port}`, 'tls-server-name': 'localhost' }
    const strict = await connect(writeKubeconfig({ ...cluster, ...ca }, {}))
    await expect(strict.send(get)).rejects.toThrow('certificate-authority of another cluster')
    const blind = await connect(writeKubeconfig({ ...cluster, 'insecure-skip-tls-verify': true }, {}))
    expect(await blind.send(get)).toEqual({})
  })

  test('a client certificate that is renewed in its file is shown anew', async () => {
    const subjects: unknown[] = []
    const tls = { cert: chain, key, requestCert: true, rejectUnauthorized: false }
    const port = await listen(
      createTlsServer(
        tls,
        answering(({ socket }, response) => {
          const shown: unknown = Reflect.get(socket, 'getPeerCertificate').call(socket)
          subjects.push(Reflect.get(Object(shown), 'subjectaltname'))
          response.end('{}')
        }),
      ),
    )
    const write = (name: string) => {
      const mine = testCertificate({ dnsNames: [name] })
      writeFileSync(join(folder, 'client.crt'), mine.chain)
      writeFileSync(join(folder, 'client.key'), mine.key)
    }
    write('first')
    const user = { 'client-certificate': 'client.crt', 'client-key': 'client.key' }
    const cluster = { server: `https://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true }
    const client = await connect(writeKubeconfig(cluster, user), { reloadMs: 0 })
    await client.send(get)
    write('second')
    await client.send(get)
    expect(subjects).toEqual(['DNS:first', 'DNS:second'])
  })
})
