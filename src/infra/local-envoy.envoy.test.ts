import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { gatewayKey } from '../ir/names.ts'
import { silentLogger } from '../lib/logger.ts'
import { envoyBinary } from '../testing/envoy-binary.ts'
import { buildBootstrap } from './bootstrap.ts'
import { type EnvoyChange, LocalEnvoy } from './local-envoy.ts'
import { nextFreePort } from './port-owner.ts'

const limits = { maxHeapBytes: 1 << 30, shrinkHeapAt: 0.9, disableKeepaliveAt: 0.92, stopAcceptingRequestsAt: 0.95 }

function bootstrap(adminPort: number) {
  return buildBootstrap({
    gateway: gatewayKey('infra', 'edge'),
    nodeId: 'test',
    xds: { host: '127.0.0.1', port: 1 },
    admin: { kind: 'loopback', port: adminPort },
    stats: 'all',
    limits: { ...limits, maxDownstreamConnections: 100 },
  })
}

/** Resolves at the next change of a kind. */
class Changes {
  readonly #waiting: ((change: EnvoyChange) => void)[] = []
  readonly seen: EnvoyChange[] = []

  readonly push = (change: EnvoyChange): void => {
    this.seen.push(change)
    for (const wake of this.#waiting.splice(0)) wake(change)
  }

  async next(kind: EnvoyChange['kind'], count: number): Promise<EnvoyChange> {
    for (;;) {
      const found = this.seen.filter((change) => change.kind === kind)[count - 1]
      if (found !== undefined) return found
      await new Promise((resolve) => this.#waiting.push(resolve))
    }
  }
}

/** Until no process has the pid any more; a dead one that nobody reaped counts as gone. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    const { status, stdout } = await run('/bin/sh', ['-c', `cut -d' ' -f3 /proc/${pid}/stat 2>/dev/null || true`])
    expect(status).toBe(0)
    if (stdout.trim() === '' || stdout.trim() === 'Z') return
  }
}

async function run(program: string, args: readonly string[]): Promise<{ status: number; stdout: string }> {
  const child: ChildProcess = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let stdout = ''
  child.stdout?.on('data', (chunk) => {
    stdout += String(chunk)
  })
  const [status] = await once(child, 'close')
  return { status: Number(status), stdout }
}

describe('LocalEnvoy', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'fairlead-test-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  async function started(overrides: { readonly binary?: string } = {}) {
    const changes = new Changes()
    const port = await nextFreePort('127.0.0.1', 20_100)
    const envoy = new LocalEnvoy({
      binary: envoyBinary(),
      bootstrap: bootstrap(port),
      folder: join(folder, 'edge'),
      concurrency: 1,
      logger: silentLogger(),
      onChange: changes.push,
      limits: { firstRestartMs: 10, graceMs: 2_000 },
      ...overrides,
    })
    envoy.start()
    return { envoy, changes }
  }

  test('starts again when Envoy is killed, under another pid', async () => {
    const { envoy, changes } = await started()
    const first = envoy.pid
    process.kill(first ?? 0, 'SIGKILL')
    expect(await changes.next('ended', 1)).toMatchObject({ how: 'signal SIGKILL', restartInMs: 10 })
    expect(await changes.next('started', 2)).toMatchObject({ pid: envoy.pid })
    expect(envoy.pid).not.toBe(first)
    await envoy.stop()
  })

  test('stop ends Envoy and removes its folder', async () => {
    const { envoy } = await started()
    const pid = envoy.pid ?? 0
    expect(existsSync(join(folder, 'edge', 'bootstrap.json'))).toBe(true)
    await envoy.stop()
    await gone(pid)
    expect(existsSync(join(folder, 'edge'))).toBe(false)
  })

  test('waits twice as long after each start that ends at once, and says why it ended', async () => {
    const { envoy, changes } = await started({ binary: '/nonexistent/envoy' })
    await changes.next('ended', 3)
    await envoy.stop()
    const ends = changes.seen.filter((change) => change.kind === 'ended')
    expect(ends.map((end) => end.restartInMs).slice(0, 3)).toEqual([10, 20, 40])
    expect(ends[0]).toMatchObject({ how: 'exit code 127', reason: expect.stringContaining('/nonexistent/envoy') })
  })

  test('Envoy does not outlive a control plane that is killed with SIGKILL', async () => {
    const port = await nextFreePort('127.0.0.1', 20_200)
    const script = `
      import { LocalEnvoy } from ${JSON.stringify(join(import.meta.dirname, 'local-envoy.ts'))}
      import { silentLogger } from ${JSON.stringify(join(import.meta.dirname, '../lib/logger.ts'))}
      new LocalEnvoy({
        binary: ${JSON.stringify(envoyBinary())}, bootstrap: ${JSON.stringify(bootstrap(port))},
        folder: ${JSON.stringify(join(folder, 'edge'))}, concurrency: 1, logger: silentLogger(),
        onChange: (change) => console.log(change.pid),
      }).start()`
    const parent = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [output] = await once(parent.stdout, 'data')
    const pid = Number(String(output).trim())
    expect(pid).toBeGreaterThan(1)
    parent.kill('SIGKILL')
    await gone(pid)
  })
})
