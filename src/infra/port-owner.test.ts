import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { bindErrno, bindProblem, describeOwner, listeningInodes, nextFreePort, portOwner } from './port-owner.ts'

let server: Server | undefined
afterEach(() => server?.close())

async function taken(): Promise<number> {
  server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

describe('a port', () => {
  test('that is taken cannot be bound, and the next free one is another', async () => {
    const port = await taken()
    expect(await bindErrno('127.0.0.1', port)).toBe('EADDRINUSE')
    expect(await nextFreePort('127.0.0.1', port)).toBeGreaterThan(port)
  })

  test.runIf(process.platform === 'linux')('that cannot be bound is told with who has it', async () => {
    const port = await taken()
    expect(await bindProblem('127.0.0.1', port)).toMatch(/^EADDRINUSE, it is taken by ".+" \(pid \d+\); stop that or /)
    expect(await bindProblem('127.0.0.1', 0)).toBeUndefined()
  })

  test('that is free can be bound, again and again', async () => {
    const port = await nextFreePort('127.0.0.1', 20_300)
    expect([await bindErrno('127.0.0.1', port), await bindErrno('127.0.0.1', port)]).toEqual([undefined, undefined])
  })

  test.runIf(process.platform === 'linux')('has an owner whose name and pid are known', async () => {
    const owner = await portOwner(await taken())
    expect(owner?.pid).toBe(process.pid)
    expect(owner && describeOwner(owner)).toMatch(/^".+" \(pid \d+\)$/)
  })

  test('of a Node program is that of "node"', async () => {
    const script = 'const s = net.createServer().listen(0, "127.0.0.1", () => console.log(s.address().port))'
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      const [line]: unknown[] = await once(child.stdout, 'data')
      expect(await portOwner(Number(String(line)))).toEqual({ pid: child.pid, command: 'node' })
    } finally {
      child.kill()
    }
  })

  test('that nobody listens on has no owner', async () => {
    expect(await portOwner(await nextFreePort('127.0.0.1', 20_400))).toBeUndefined()
  })
})

describe('listeningInodes', () => {
  const line = (port: string, state: string, inode: number) =>
    `   0: 0100007F:${port} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0 100 0`

  test('takes sockets that listen on the port, not connections through it', () => {
    const table = ['  sl  local_address ...', line('1F90', '0A', 11), line('1F90', '01', 12), line('1F91', '0A', 13)]
    expect(listeningInodes(table.join('\n'), 8080)).toEqual(['11'])
  })
})
