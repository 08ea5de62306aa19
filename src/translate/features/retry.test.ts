import { describe, expect, test } from 'vitest'
import type { HTTPRouteRule } from '../../api/gen/types.ts'
import { forwardTo, prefix, route } from '../../testing/ir.ts'
import { anyFeature } from './feature.ts'
import { compileRuleFields } from './filters.ts'
import { retry } from './retry.ts'

type Written = Pick<HTTPRouteRule, 'retry' | 'timeouts'>

const compile = (written: Written) =>
  compileRuleFields({ matches: [], ...written }, 'spec.rules[0]', [anyFeature(retry)])

function policy(written: Written) {
  const value = retry.of(compile(written).features)
  return value === undefined
    ? undefined
    : retry.route?.(value, route('r', prefix('/'), forwardTo())).action?.retryPolicy
}

describe('HTTPRouteRetry', () => {
  test.each<[string, Written]>([
    ['no field', {}],
    ['attempts 0', { retry: { attempts: 0, codes: [500], backoff: '1s' } }],
    ['no limit for a try', { timeouts: { backendRequest: '0s' } }],
    ['only a limit of the request', { timeouts: { request: '1s' } }],
  ])('%s is no policy', (_what, written) => {
    expect(compile(written)).toEqual({ features: [], problems: [] })
  })

  test('what no backend has begun is retried without codes, and nothing else', () => {
    expect(policy({ retry: { attempts: 2 } })?.retryOn).toBe('connect-failure,refused-stream,reset-before-request')
  })

  test('codes are retried when given, each once, in order', () => {
    expect(policy({ retry: { attempts: 1, codes: [503, 500, 503] } })).toMatchObject({
      retryOn: 'connect-failure,refused-stream,reset-before-request,retriable-status-codes',
      numRetries: { value: 1 },
      retriableStatusCodes: [500, 503],
    })
  })

  test('a limit for a try alone is no retry', () => {
    expect(policy({ timeouts: { backendRequest: '1s' } })).toEqual({ perTryTimeout: { seconds: 1, nanos: 0 } })
  })

  test('a try that timed out is retried only when tries are limited', () => {
    const written = { retry: { attempts: 1 }, timeouts: { backendRequest: '1s' } }
    expect(policy(written)?.retryOn).toBe('connect-failure,refused-stream,reset-before-request,reset')
    expect(policy({ ...written, timeouts: { backendRequest: '0s' } })?.retryOn).not.toContain(',reset,')
  })

  test.each([
    ['100ms', { seconds: 0, nanos: 100_000_000 }],
    ['0s', { seconds: 0, nanos: 1_000_000 }],
  ])('a backoff of %s is the base, at least 1 ms', (backoff, baseInterval) => {
    expect(policy({ retry: { attempts: 1, backoff } })?.retryBackOff).toEqual({ baseInterval })
  })

  test('more attempts than a proxy can count are refused', () => {
    const { features, problems } = compile({ retry: { attempts: 1_099_511_627_776 } })
    expect(features).toEqual([])
    expect(problems).toMatchObject([{ reason: 'UnsupportedValue', field: 'spec.rules[0].retry.attempts' }])
  })

  test('every duration that is none is named', () => {
    const { problems } = compile({ retry: { attempts: 1, backoff: 'soon' }, timeouts: { backendRequest: '' } })
    expect(problems.map(({ field }) => field)).toEqual([
      'spec.rules[0].retry.backoff',
      'spec.rules[0].timeouts.backendRequest',
    ])
  })
})
