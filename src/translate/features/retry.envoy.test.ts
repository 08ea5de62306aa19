/** Retries on a real Envoy. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePorts } from '../../testing/emit-rig.ts'
import { ScriptedBackend, TrafficRig } from '../../testing/traffic-rig.ts'

const rules = `
- { matches: [{ path: { value: /three } }], retry: { codes: [500], attempts: 3, backoff: 1ms }, backendRefs: [{ name: a, port: 80 }] }
- { matches: [{ path: { value: /all } }], retry: { codes: [500, 502, 503, 504, 429], attempts: 2, backoff: 1ms }, backendRefs: [{ name: a, port: 80 }] }
- { matches: [{ path: { value: /zero } }], retry: { codes: [500], attempts: 0 }, backendRefs: [{ name: a, port: 80 }] }
- { matches: [{ path: { value: /none } }], backendRefs: [{ name: a, port: 80 }] }
- { matches: [{ path: { value: /half-dead } }], retry: { attempts: 100, backoff: 1ms }, backendRefs: [{ name: half-dead, port: 80 }] }
- { matches: [{ path: { value: /dead } }], retry: { attempts: 2, backoff: 1ms }, backendRefs: [{ name: dead, port: 80 }] }
`

let backend: ScriptedBackend
let rig: TrafficRig
let id = 0

/** Asks for an answer that is `status` so many times and 200 then; what the client got, and how many tries there were. */
async function fail(path: string, times: number, status: number | 'reset') {
  const url = `${path}?times=${times}&status=${status}&id=${id++}`
  const answer = await rig.ask(url)
  return [answer.status, backend.seen.filter((seen) => seen.url === url).length]
}

beforeAll(async () => {
  backend = await ScriptedBackend.start('a', ({ url }, response) => {
    const query = new URL(url, 'http://a').searchParams
    const tries = backend.seen.filter((seen) => seen.url === url).length
    if (tries > Number(query.get('times'))) return false
    if (query.get('status') === 'reset') response.destroy()
    else response.writeHead(Number(query.get('status'))).end()
    return true
  })
  const [closed = 0] = await freePorts(1)
  rig = await TrafficRig.start(rules, [
    backend,
    { name: 'half-dead', port: backend.port },
    { name: 'half-dead', port: closed },
    { name: 'dead', port: closed },
  ])
})

afterAll(async () => {
  await rig.stop()
  backend.stop()
})

describe('HTTPRouteRetry', () => {
  test.each([
    ['/three', 2, 500, 200, 3],
    ['/three', 3, 500, 200, 4],
    ['/three', 4, 500, 500, 4],
    ['/three', 1, 503, 503, 1],
    ['/all', 2, 502, 200, 3],
    ['/all', 3, 504, 504, 3],
    ['/all', 1, 429, 200, 2],
    ['/zero', 1, 500, 500, 1],
    ['/none', 1, 500, 500, 1],
  ])('%s with %i times %i is answered %i after %i tries', async (path, times, status, answer, tries) => {
    expect(await fail(path, times, status)).toEqual([answer, tries])
  })

  test('an endpoint that refuses connections costs no request', async () => {
    expect([...(await rig.shares('/half-dead', 20)).keys()]).toEqual(['a'])
  })

  test('when every try failed to connect the answer is an error', async () => {
    expect((await rig.ask('/dead')).status).toBe(503)
  })

  test('a connection that broke after the request was sent is not retried: the backend may have worked', async () => {
    expect(await fail('/all', 1, 'reset')).toEqual([503, 1])
  })
})
