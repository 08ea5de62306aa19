import { describe, expect, test } from 'vitest'
import type { HTTPRouteTimeouts } from '../../api/gen/types.ts'
import { prefix, forwardTo, route } from '../../testing/ir.ts'
import { anyFeature } from './feature.ts'
import { compileRuleFields } from './filters.ts'
import { timeouts } from './timeouts.ts'

const compile = (written: HTTPRouteTimeouts | undefined) =>
  compileRuleFields({ matches: [], timeouts: written }, 'spec.rules[0]', [anyFeature(timeouts)])

/** The fields of the Envoy route action. */
function action(written: HTTPRouteTimeouts) {
  const value = timeouts.of(compile(written).features)
  return value === undefined ? undefined : timeouts.route?.(value, route('r', prefix('/'), forwardTo())).action
}

describe('HTTPRouteTimeouts.request', () => {
  const second = { seconds: 1, nanos: 0 }
  test.each<[string, HTTPRouteTimeouts, unknown]>([
    ['is the timeout of the route', { request: '1s' }, { timeout: second }],
    [
      '0s is no limit, also for silence',
      { request: '0s' },
      { timeout: { seconds: 0, nanos: 0 }, idleTimeout: { seconds: 0, nanos: 0 } },
    ],
    [
      'lifts the general limit of silence when longer',
      { request: '5m1ms' },
      { timeout: { seconds: 300, nanos: 1e6 }, idleTimeout: { seconds: 300, nanos: 1e6 } },
    ],
    ['leaves the general limit of silence when as long', { request: '5m' }, { timeout: { seconds: 300, nanos: 0 } }],
    ['alone, backendRequest is no limit of the request', { backendRequest: '1s' }, undefined],
    [
      'backendRequest too may be silent for as long as it is',
      { backendRequest: '0s' },
      { idleTimeout: { seconds: 0, nanos: 0 } },
    ],
    ['bounds the silence of a longer backendRequest', { request: '1s', backendRequest: '0s' }, { timeout: second }],
  ])('%s', (_what, written, fields) => {
    expect(action(written)).toEqual(fields)
  })

  test('a rule without timeouts has no value', () => {
    expect(compile(undefined)).toEqual({ features: [], problems: [] })
  })

  test.each<[HTTPRouteTimeouts, string]>([
    [
      { request: '1s', backendRequest: '2s' },
      'spec.rules[0].timeouts.backendRequest: is longer than request (1s), which bounds all tries; make it at most that',
    ],
    [
      { request: '1 s' },
      'spec.rules[0].timeouts.request: "1 s" is no duration: it must be one to four numbers of at most five digits, each with a unit h, m, s or ms, such as 1m30s',
    ],
  ])('%j is refused', (written, line) => {
    expect(compile(written).problems.map(({ field, message }) => `${field}: ${message}`)).toEqual([line])
  })
})
