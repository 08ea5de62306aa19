import { status } from '@grpc/grpc-js'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createAuthority, renewedAuthority, signServing, trustBundle, type XdsAuthority } from '../ca/xds-authority.ts'
import { must } from '../lib/assert.ts'
import { createLogger } from '../lib/logger.ts'
import { err, ok } from '../lib/result.ts'
import { freePort, until } from '../testing/envoy-rig.ts'
import { type RunningProxy, startProxy } from '../testing/proxy-rig.ts'
import { TokenFolder } from '../testing/token-folder.ts'
import { answerScope, scopedListener, TestStore, warmUpListener } from '../testing/xds-resources.ts'
import { type ServedStore, untilBody, XdsRig } from '../testing/xds-rig.ts'
import type { Authenticate } from './authenticate.ts'
import { RotatingCredentials } from './rotating-credentials.ts'

const serverName = 'fairlead.fairlead-system.svc'
const yearMs = 365 * 86_400_000

let rig: XdsRig
let folder: TokenFolder
let stock: TestStore
let port = 0
/** What the server has logged. */
let lines: string[]
/** Tokens that are good no more. */
let revoked: Set<string>
let served: ServedStore
let credentials: RotatingCredentials
beforeEach(async () => {
  rig = new XdsRig()
  lines = []
  revoked = new Set(['bad'])
  credentials = new RotatingCredentials()
  stock = new TestStore('infra/edge')
  port = await freePort()
  stock.put([warmUpListener(), scopedListener('http', port), answerScope('a.test', 'hello')])
  served = await serve(0)
})
afterEach(() => rig.dispose())

function serve(xdsPort: number): Promise<ServedStore> {
  const logger = createLogger({ level: 'debug', format: 'json', sink: { write: (line) => lines.push(line) } })
  return rig.serve(stock, { credentials, authenticate, logger }, xdsPort)
}

/** Ends the server and starts it again, so that proxies come anew. */
async function restart(): Promise<void> {
  await served.server.close()
  served = await serve(served.port)
}

/** Tokens are `<word>/<namespace>/<gateway>`. */
const authenticate: Authenticate = ({ token = '' }) => {
  const [, namespace, gateway] = token.split('/')
  if (revoked.has(token)) return Promise.resolve(err({ code: 'UNAUTHENTICATED', message: 'the token is bad' } as const))
  const mayRun = (asked: string) => asked === `${namespace}/${gateway}`
  return Promise.resolve(ok({ name: `service account of ${gateway}`, nodeId: 'infra/edge-0', mayRun }))
}

/** Starts a proxy of infra/edge that has this token. */
async function proxy(token: string, authority: XdsAuthority): Promise<RunningProxy> {
  folder = new TokenFolder(token)
  rig.onDispose(() => folder.remove())
  const tls = folder.tls({ caPem: trustBundle(authority), serverName })
  const running = await startProxy({ xds: { host: '127.0.0.1', port: served.port, tls } })
  rig.onDispose(() => running.stop())
  return running
}

function use(authority: XdsAuthority): void {
  credentials.use(signServing(authority, [serverName], Date.now()))
}

function untilLogged(text: string): Promise<string | undefined> {
  return until(
    () => lines.find((line) => line.includes(text)),
    (line) => line !== undefined,
    { what: text },
  )
}

describe('a proxy with a token', () => {
  const authority = createAuthority(Date.now())

  test('is served, and on by the next certificate and the next token', async () => {
    use(authority)
    await proxy('one/infra/edge', authority)
    await untilBody(port, 'a.test', 'hello')
    expect(served.server.proxies()).toMatchObject([{ node: { id: 'infra/edge-0', gateway: 'infra/edge' } }])
    use(authority)
    revoked.add('one/infra/edge')
    folder.put('two/infra/edge')
    stock.put([answerScope('a.test', 'later')])
    await restart()
    await untilBody(port, 'a.test', 'later')
  })

  test('that is bad is refused, the log says why, and a good one is taken without a restart', async () => {
    use(authority)
    await proxy('bad', authority)
    const line = await untilLogged('a client was turned away')
    expect(JSON.parse(line ?? '')).toMatchObject({ peer: '127.0.0.1', reason: 'the token is bad' })
    expect(served.server.proxies()).toEqual([])
    folder.put('good/infra/edge')
    await untilBody(port, 'a.test', 'hello')
  })

  test('of another Gateway is told nothing', async () => {
    use(authority)
    await proxy('one/infra/web', authority)
    const line = await untilLogged('a client was turned away')
    expect(JSON.parse(line ?? '')).toMatchObject({
      node: 'infra/edge-0',
      code: status[status.PERMISSION_DENIED],
      reason: 'service account of web may not have the configuration of Gateway infra/edge',
    })
    expect(served.server.proxies()).toEqual([])
  })

  test('trusts the authority that signs now and its successor alike', async () => {
    const old = createAuthority(Date.now() - 8.5 * yearMs)
    const both = must(renewedAuthority(old, Date.now() - 1.8 * yearMs), 'it was time')
    use(old)
    await proxy('one/infra/edge', both)
    await untilBody(port, 'a.test', 'hello')
    use(both)
    stock.put([answerScope('a.test', 'by the successor')])
    await restart()
    await untilBody(port, 'a.test', 'by the successor')
  })
})
