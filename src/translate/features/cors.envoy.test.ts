/** CORS on a real Envoy. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ScriptedBackend, TrafficRig } from '../../testing/traffic-rig.ts'

const cors = (body: string) => `filters: [{ type: CORS, cors: { ${body} } }]`
const to = 'backendRefs: [{ name: a, port: 80 }]'
const rules = `
- { matches: [{ path: { value: /some } }], ${cors('allowOrigins: ["https://www.foo.com", "https://*.bar.com", "http://a.com:8080"], allowMethods: [GET, OPTIONS], allowHeaders: [x-a, x-b], exposeHeaders: [x-c, x-d], allowCredentials: true, maxAge: 3600')}, ${to} }
- { matches: [{ path: { value: /any } }], ${cors('allowOrigins: ["*"], allowMethods: ["*"], allowHeaders: ["*"], exposeHeaders: ["*"], allowCredentials: true')}, ${to} }
- { matches: [{ path: { value: /open } }], ${cors('allowOrigins: ["*"], allowMethods: ["*"], allowHeaders: ["*"], exposeHeaders: ["*"]')}, ${to} }
- { matches: [{ path: { value: /hosts } }], ${cors('allowOrigins: ["https://*"]')}, ${to} }
- { matches: [{ path: { value: /nobody } }], ${cors('{}')}, ${to} }
- { matches: [{ path: { value: /without } }], ${to} }
- { matches: [{ path: { value: /post }, method: POST }], ${cors('allowOrigins: ["https://a.com"], allowMethods: [POST]')}, ${to} }
- { matches: [{ path: { value: /post }, method: DELETE }], ${cors('allowOrigins: ["https://a.com"], allowMethods: [DELETE], allowHeaders: ["*"]')}, ${to} }
- matches: [{ path: { value: /moved } }]
  filters:
    - { type: CORS, cors: { allowOrigins: ["https://a.com", "https://*.bar.com"], allowMethods: [GET, PUT], allowHeaders: [x-a], exposeHeaders: [x-c], allowCredentials: true } }
    - { type: ResponseHeaderModifier, responseHeaderModifier: { set: [{ name: access-control-allow-origin, value: "100%" }, { name: x-c, value: "5%" }] } }
    - { type: RequestRedirect, requestRedirect: { hostname: b.com } }
- matches: [{ path: { value: /moved-for-all }, method: PUT }]
  filters: [{ type: CORS, cors: { allowOrigins: ["*"], allowMethods: [PUT], allowHeaders: ["*"] } }, { type: RequestRedirect, requestRedirect: { path: { type: ReplaceFullPath, replaceFullPath: /new } } }]
- matches: [{ path: { value: /share } }]
  backendRefs: [{ name: a, port: 80, ${cors('allowOrigins: ["https://a.com"]')} }, { name: b, port: 80 }]
`.replace('cors: { {} }', 'cors: {}')

let a: ScriptedBackend
let b: ScriptedBackend
let rig: TrafficRig

beforeAll(async () => {
  a = await ScriptedBackend.start('a')
  b = await ScriptedBackend.start('b')
  rig = await TrafficRig.start(rules, [a, b])
})

afterAll(async () => {
  await rig.stop()
  a.stop()
  b.stop()
})

/** The headers of the answer that CORS is about, without what their names have in common. */
async function answered(path: string, headers: Readonly<Record<string, string>>, method = 'GET', host = 'a.com') {
  const answer = await rig.ask(path, { method, headers, host })
  const found = Object.entries(answer.headers).filter(([name]) => name.startsWith('access-control-'))
  return {
    status: answer.status,
    ...Object.fromEntries(found.map(([name, value]) => [name.slice('access-control-'.length), value])),
  }
}

function preflight(path: string, origin: string, host?: string) {
  const asked = { 'access-control-request-method': 'PUT', 'access-control-request-headers': 'x-a, x-b' }
  return answered(path, { origin, ...asked }, 'OPTIONS', host)
}

describe('a preflight request (HTTPCORSFilter)', () => {
  test('of an allowed origin is answered with what is allowed, and not forwarded', async () => {
    expect(await preflight('/some', 'https://www.foo.com')).toEqual({
      status: 200,
      'allow-origin': 'https://www.foo.com',
      'allow-methods': 'GET, OPTIONS',
      'allow-headers': 'x-a, x-b',
      'expose-headers': 'x-c, x-d',
      'allow-credentials': 'true',
      'max-age': '3600',
    })
    expect(a.seen.filter(({ method }) => method === 'OPTIONS')).toEqual([])
  })

  test('of another origin is not allowed, and not forwarded', async () => {
    for (const path of ['/some', '/nobody']) {
      const answer = await preflight(path, 'https://foo.com')
      expect(answer).toMatchObject({ status: 200 })
      expect(answer).not.toHaveProperty('allow-origin')
    }
    expect(a.seen.filter(({ method }) => method === 'OPTIONS')).toEqual([])
  })

  test('with credentials, "*" is the very origin, method and headers that were asked for', async () => {
    expect(await preflight('/any', 'https://x.com:1234')).toEqual({
      status: 200,
      'allow-origin': 'https://x.com:1234',
      'allow-methods': 'PUT',
      'allow-headers': 'x-a, x-b',
      'allow-credentials': 'true',
      'max-age': '5',
    })
  })

  test('with credentials and "*", what is not asked for is not answered', async () => {
    const asked = { origin: 'https://x.com', 'access-control-request-method': 'PUT' }
    expect(await answered('/any', asked, 'OPTIONS')).not.toHaveProperty('allow-headers')
  })

  test('without credentials there is no header about them', async () => {
    expect(await preflight('/open', 'https://x.com')).not.toHaveProperty('allow-credentials')
    expect(await preflight('/open', 'https://x.com')).toMatchObject({ 'expose-headers': '*' })
  })

  test('for a rule of another method is answered by that rule', async () => {
    const ask = (method: string, more = {}) =>
      answered('/post', { origin: 'https://a.com', 'access-control-request-method': method, ...more }, 'OPTIONS')
    expect(await ask('POST')).toMatchObject({ status: 200, 'allow-methods': 'POST' })
    expect(await ask('DELETE')).toMatchObject({ status: 200, 'allow-methods': 'DELETE' })
    expect(await ask('DELETE', { 'access-control-request-headers': 'x-a' })).toMatchObject({ 'allow-headers': 'x-a' })
    expect(await ask('PUT')).toEqual({ status: 404 })
    expect(await answered('/post', { origin: 'https://a.com' }, 'POST')).toMatchObject({
      'allow-origin': 'https://a.com',
    })
    expect(await answered('/post', { origin: 'https://a.com' }, 'OPTIONS')).toEqual({ status: 404 })
  })

  test('to a route without a policy is forwarded', async () => {
    await preflight('/without', 'https://foo.com')
    expect(a.seen.filter(({ url, method }) => url === '/without' && method === 'OPTIONS')).toHaveLength(1)
  })

  test.each(['a.com', 'A.COM', 'a.com:80', 'a.com.', 'x.a.com', 'X.a.com'])(
    'for host %s is answered alike',
    async (host) => {
      expect(await preflight('/some', 'https://www.foo.com', host)).toMatchObject({ 'allow-methods': 'GET, OPTIONS' })
      expect(await preflight('/some', 'https://evil.com', host)).not.toHaveProperty('allow-origin')
    },
  )
})

describe('origins (HTTPCORSFilter.allowOrigins)', () => {
  test.each([
    ['/some', 'https://www.foo.com', true],
    ['/some', 'https://WWW.FOO.COM', true],
    ['/some', 'https://www.foo.com:443', true],
    ['/some', 'https://www.foo.com:444', false],
    ['/some', 'http://www.foo.com', false],
    ['/some', 'https://www.foo.com.evil.com', false],
    ['/some', 'https://wwwxfoo.com', false],
    ['/some', 'https://www.bar.com', true],
    ['/some', 'https://xpto.www.bar.com', true],
    ['/some', 'https://xpto.www.bar.com:443', true],
    ['/some', 'https://bar.com', false],
    ['/some', 'https://evilbar.com', false],
    ['/some', 'https://www.bar.com:8443', false],
    ['/some', 'https://evil.com/.bar.com', false],
    ['/some', 'https://evil.com:1.bar.com', false],
    ['/some', 'http://a.com:8080', true],
    ['/some', 'http://a.com', false],
    ['/some', 'null', false],
    ['/hosts', 'https://any.thing', true],
    ['/hosts', 'http://any.thing', false],
    ['/any', 'null', true],
    ['/any', 'http://a.b:1', true],
    ['/nobody', 'http://a.b', false],
  ])('%s lets %s read: %s', async (path, origin, isAllowed) => {
    const answer = await answered(path, { origin })
    expect(answer).toEqual(
      isAllowed ? expect.objectContaining({ status: 200, 'allow-origin': origin }) : { status: 200 },
    )
  })

  test('a request without Origin is no CORS request', async () => {
    expect(await answered('/any', {})).toEqual({ status: 200 })
  })

  test('a policy of one backendRef holds for its share', async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, () => answered('/share', { origin: 'https://a.com' })))
    expect(new Set(answers.map((answer) => 'allow-origin' in answer)).size).toBe(2)
  })
})

describe('a redirect', () => {
  const credentials = { 'allow-credentials': 'true', 'expose-headers': 'x-c' }

  test.each(['https://a.com', 'HTTPS://A.com:443', 'https://x.y.bar.com'])('may be read by %s', async (origin) => {
    const answer = await answered('/moved/x', { origin })
    expect(answer).toEqual({ status: 302, 'allow-origin': origin, ...credentials })
    const { headers } = await rig.ask('/moved/x', { headers: { origin }, host: 'a.com' })
    expect(headers).toMatchObject({
      location: expect.stringMatching(/^http:\/\/b\.com(?::\d+)?\/moved\/x$/),
      'x-c': '5%',
    })
  })

  test.each(['https://bar.com', 'https://a.com.evil.com', 'https://axcom', ''])(
    'is served to %j alike',
    async (origin) => {
      const answer = await answered('/moved', origin === '' ? {} : { origin })
      // What its own filter says, and nothing of CORS.
      expect(answer).toEqual({ status: 302, 'allow-origin': '100%' })
    },
  )

  test('answers preflight requests itself', async () => {
    expect(await preflight('/moved', 'https://a.com')).toEqual({
      status: 200,
      'allow-origin': 'https://a.com',
      'allow-methods': 'GET, PUT',
      'allow-headers': 'x-a',
      'max-age': '5',
      ...credentials,
    })
    expect(await preflight('/moved', 'https://other.com')).not.toHaveProperty('allow-origin')
    expect(await answered('/moved', { origin: 'https://a.com' }, 'OPTIONS')).toMatchObject({ status: 302 })
  })

  test('of one method is for that method, with any header and of any origin', async () => {
    expect(await preflight('/moved-for-all', 'http://any.org')).toMatchObject({
      'allow-origin': 'http://any.org',
      'allow-headers': 'x-a, x-b',
    })
    const origin = 'http://any.org'
    expect(await answered('/moved-for-all', { origin }, 'PUT')).toEqual({ status: 302, 'allow-origin': origin })
    expect(await answered('/moved-for-all', { origin })).toMatchObject({ status: 404 })
    const host = 'a.com:8443'
    const { headers } = await rig.ask('/moved-for-all', { method: 'PUT', headers: { origin }, host })
    expect(headers.location).toMatch(/^http:\/\/a\.com(?::\d+)?\/new$/)
    expect(headers['access-control-allow-origin']).toBe(origin)
  })
})
