import { describe, expect, test } from 'vitest'
import type { StatusReport } from './reporter.ts'
import { Screen, table } from './screen.ts'

const gateway: StatusReport = {
  ref: { group: 'g', kind: 'Gateway', namespace: 'infra', name: 'edge' },
  verdict: 'programmed',
  summary: 'http: 2 routes',
  problems: [],
  place: 'gateway.yaml:3',
}
const broken: StatusReport = {
  ref: { group: 'g', kind: 'HTTPRoute', namespace: 'shop', name: 'orders' },
  verdict: 'PROBLEM',
  summary: 'to infra/edge',
  problems: [
    {
      type: 'ResolvedRefs',
      reason: 'BackendNotFound',
      message: 'spec.rules[0].backendRefs[0]: Service shop/cart does not exist; create it or correct the reference',
      field: 'spec.parentRefs[0]',
    },
  ],
  place: 'orders.yaml:9',
}

function printed(tell: (screen: Screen) => void): string {
  let text = ''
  tell(
    new Screen((part) => {
      text += part
    }, false),
  )
  return text.replace(/^\d\d:\d\d:\d\d/gm, 'TIME')
}

describe('Screen', () => {
  test('prints what listens and what to try', () => {
    const text = printed((screen) =>
      screen.started({
        gateways: [{ gateway: 'infra/edge', urls: ['http://127.0.0.1:8080'], envoyAdmin: 'http://127.0.0.1:19001' }],
        admin: 'http://127.0.0.1:19000',
        xds: '127.0.0.1:18000',
        sampleBackends: ['127.0.0.1:9001 orders-v1'],
        tries: ['curl http://127.0.0.1:8080/'],
        readyInMs: 321,
      }),
    )
    expect(text).toBe(`
Fairlead serves (ready in 321 ms)
  Gateway infra/edge  http://127.0.0.1:8080
    its Envoy         http://127.0.0.1:19001
  sample backend      127.0.0.1:9001 orders-v1
  admin               http://127.0.0.1:19000/debug  (also /readyz, /metrics)
  xDS                 127.0.0.1:18000

Try
  curl http://127.0.0.1:8080/
`)
  })

  test('prints the status of every object in columns, and problems with field, remedy and place', () => {
    expect(printed((screen) => screen.statuses([gateway, broken]))).toBe(`
Status
  Gateway infra/edge     programmed  http: 2 routes
  HTTPRoute shop/orders  PROBLEM     to infra/edge
      ResolvedRefs: BackendNotFound: spec.rules[0].backendRefs[0]: Service shop/cart does not exist; create it or correct the reference
      see orders.yaml:9

Edit the files and it follows; Ctrl-C stops it.
`)
  })

  test('says what an edit changed and how soon it was served', () => {
    const change = {
      files: ['orders.yaml'],
      changed: [broken.ref],
      deleted: [],
      resources: new Map([
        ['scope', 1],
        ['cluster', 2],
      ]),
      servedInMs: 7,
    }
    expect(printed((screen) => screen.applied(change))).toBe(
      'TIME orders.yaml changed: HTTPRoute shop/orders; 1 scope, 2 clusters, served in 7 ms\n',
    )
    expect(printed((screen) => screen.applied({ ...change, servedInMs: undefined }))).toBe(
      'TIME orders.yaml changed: HTTPRoute shop/orders; 1 scope, 2 clusters, not taken by every proxy yet\n',
    )
    const refs = Array.from({ length: 4 }, () => broken.ref)
    const many = { ...change, changed: refs, deleted: [gateway.ref], resources: new Map(), servedInMs: undefined }
    expect(printed((screen) => screen.applied(many))).toBe(
      'TIME orders.yaml changed: 4 objects, deleted Gateway infra/edge; nothing to send\n',
    )
  })

  test('prints a problem of a file where editors turn it into a link, then the remedy', () => {
    const problem = {
      ...({ severity: 'error', file: 'a.yaml', line: 3, column: 5, field: 'spec.rules[0]' } as const),
      ...({ reason: 'WrongType', message: 'must be a mapping', remedy: 'write one' } as const),
    }
    expect(printed((screen) => screen.problem(problem))).toBe(
      'TIME a.yaml:3:5: spec.rules[0]: must be a mapping\n  write one\n',
    )
  })

  test('says why an Envoy ended and when it starts again, and nothing of a start', () => {
    const ended = { kind: 'ended', how: 'exit code 1', reason: 'no memory', restartInMs: 200 } as const
    expect(printed((screen) => screen.envoy('infra/edge', ended))).toBe(
      'TIME Envoy of infra/edge ended (exit code 1): no memory; it starts again in 200 ms\n',
    )
    expect(printed((screen) => screen.envoy('infra/edge', { kind: 'started', pid: 1 }))).toBe('')
  })
})

describe('table', () => {
  test('pads every column but the last, and leaves no space at the end', () => {
    expect(
      table([
        ['a', 'bbb', ''],
        ['aaaa', 'b', 'c'],
      ]),
    ).toEqual(['a     bbb', 'aaaa  b    c'])
  })
})
