import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { HttpConnection, readAnswer } from './http-connection.ts'
import { startLoad } from './load.ts'

const closers: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** A server on a free port; `sockets` are the connections it has seen. */
async function serve(listener: RequestListener): Promise<{ readonly port: number; readonly sockets: Socket[] }> {
  const sockets: Socket[] = []
  const server = createServer(listener).on('connection', (socket) => sockets.push(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return { port: (server.address() as AddressInfo).port, sockets }
}

describe('readAnswer', () => {
  test('an answer is whole only when its body is', () => {
    const text = 'HTTP/1.1 200 OK\r\nX-Stamp: 7\r\ncontent-length: 5\r\n\r\nhello'
    expect(readAnswer(text.slice(0, -1))).toBeUndefined()
    const read = readAnswer(`${text}HTTP/1.1 404`)
    expect(read?.answer).toMatchObject({ status: 200, body: 'hello' })
    expect(read?.answer.headers.get('x-stamp')).toBe('7')
    expect(read?.length).toBe(text.length)
  })

  test('a chunked body ends with the empty chunk', () => {
    const text = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n'
    expect(readAnswer(text.slice(0, -3))).toBeUndefined()
    expect(readAnswer(text)).toMatchObject({ answer: { body: 'abcde' }, length: text.length })
  })
})

describe('HttpConnection', () => {
  test('requests reuse one connection, and open another one after the server said close', async () => {
    const { port, sockets } = await serve((request, response) => {
      if (request.url === '/close') response.setHeader('connection', 'close')
      response.end('ok')
    })
    const connection = new HttpConnection({ port })
    for (const path of ['/', '/', '/close', '/']) {
      expect(await connection.get({ host: 'a.com', path })).toMatchObject({ status: 200, body: 'ok' })
    }
    connection.close()
    expect(sockets).toHaveLength(2)
  })

  test('a connection that is cut while an answer is awaited rejects the request', async () => {
    const { port } = await serve((request) => request.socket.destroy())
    const connection = new HttpConnection({ port })
    await expect(connection.get({ host: 'a.com' })).rejects.toThrow()
    connection.close()
  })
})

describe('startLoad', () => {
  test('every outcome that is not allowed is a failure, with what was allowed', async () => {
    let seen = 0
    const enough = Promise.withResolvers<void>()
    const { port } = await serve((request, response) => {
      if (++seen === 40) enough.resolve()
      response.writeHead(request.headers.host === 'b.com' ? 503 : 200).end()
    })
    const allowed = () => new Set(['200'])
    const targets = ['a', 'b'].map((name) => ({ name, host: `${name}.com`, allowed }))
    const load = startLoad({ port, connections: 2, targets })
    await enough.promise
    const { requests, outcomes, failureCount, failures } = await load.stop()
    expect(requests).toBeGreaterThanOrEqual(40)
    expect([...(outcomes.get('a')?.keys() ?? [])]).toEqual(['200'])
    expect(failureCount).toBe(outcomes.get('b')?.get('503'))
    expect(failures[0]).toMatchObject({ target: 'b', outcome: '503', allowed: ['200'] })
  })

  test('an outcome that is allowed at the begin or at the end of a request is right', async () => {
    let allowed = new Set(['200'])
    const { port } = await serve((_request, response) => {
      allowed = new Set(['500'])
      response.writeHead(200).end(() => done.resolve())
    })
    const done = Promise.withResolvers<void>()
    const load = startLoad({ port, connections: 1, targets: [{ name: 'a', host: 'a.com', allowed: () => allowed }] })
    await done.promise
    const { requests, failureCount } = await load.stop()
    expect(failureCount).toBe(requests - 1)
  })

  test('an outcome is everywhere when each connection has got it from a later request', async () => {
    const answered = new Map<number, number>()
    let isNew = false
    const { port } = await serve((request, response) => {
      const client = request.socket.remotePort ?? 0
      answered.set(client, (answered.get(client) ?? 0) + (isNew ? 1 : 0))
      response.writeHead(isNew ? 201 : 200).end()
    })
    const allowed = () => new Set(['200', '201'])
    const load = startLoad({ port, connections: 3, targets: [{ name: 'a', host: 'a.com', allowed }] })
    await load.everywhere('a', '200')
    isNew = true
    await load.everywhere('a', '201')
    const counts = [...answered.values()]
    const never = load.everywhere('a', '200')
    await Promise.all([load.stop(), expect(never).rejects.toThrow('not every connection has got "200" from a')])
    expect(counts).toHaveLength(3)
    expect(Math.min(...counts)).toBeGreaterThan(0)
  })

  test('every second request is for what is in focus, all others for each target in turn', async () => {
    const seen: string[] = []
    const enough = Promise.withResolvers<void>()
    const { port } = await serve((request, response) => {
      if (seen.push(request.headers.host ?? '') === 13) enough.resolve()
      response.end()
    })
    const allowed = () => new Set(['200'])
    const targets = ['a', 'b', 'c'].map((name) => ({ name, host: name, allowed }))
    const load = startLoad({ port, connections: 1, targets })
    load.focus(['b'])
    await enough.promise
    await load.stop()
    const others = seen.slice(1, 13).filter((_, index) => index % 2 === 0)
    const focused = seen.slice(1, 13).filter((_, index) => index % 2 === 1)
    expect([...new Set(focused)]).toEqual(['b'])
    expect(others.sort()).toEqual(['a', 'a', 'b', 'b', 'c', 'c'])
  })

  test('a refused connection is an error, not an answer', async () => {
    const { port } = await serve((_request, response) => response.end())
    for (const close of closers.splice(0)) await close()
    const tried = Promise.withResolvers<void>()
    let asked = 0
    const allowed = () => {
      if (++asked > 2) tried.resolve()
      return new Set(['200'])
    }
    const load = startLoad({ port, connections: 1, targets: [{ name: 'a', host: 'a.com', allowed }] })
    await tried.promise
    const { failureCount, failures, requests } = await load.stop()
    expect(failureCount).toBe(requests)
    expect(failures[0]?.outcome).toMatch(/^error: .*ECONNREFUSED/)
  })
})
