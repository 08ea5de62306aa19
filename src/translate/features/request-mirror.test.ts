import { describe, expect, test } from 'vitest'
import type { HTTPRequestMirrorFilter } from '../../api/gen/types.ts'
import type { ClusterName } from '../../ir/names.ts'
import { backend, forwardTo, prefix, route } from '../../testing/ir.ts'
import { featureClusters } from './clusters.ts'
import { compileFilters } from './filters.ts'
import { type Mirror, requestMirror } from './request-mirror.ts'

const place = {
  field: 'spec.rules[0].filters',
  level: 'rule',
  resolve: ({ name }: { readonly name: string }) => (name === 'gone' ? undefined : (name as ClusterName)),
} as const

const compile = (more: Partial<HTTPRequestMirrorFilter>, name = 'm') =>
  compileFilters(
    [{ type: 'RequestMirror', requestMirror: { backendRef: { group: '', kind: 'Service', name }, ...more } }],
    place,
  )

const mirror = (name: string): Mirror => ({ cluster: name as ClusterName })

describe('HTTPRequestMirrorFilter', () => {
  test.each<[string, Partial<HTTPRequestMirrorFilter>, readonly unknown[]]>([
    ['every request', {}, [{ cluster: 'm' }]],
    ['a percentage', { percent: 20 }, [{ cluster: 'm', part: { numerator: 20, denominator: 100 } }]],
    [
      'a fraction',
      { fraction: { numerator: 1, denominator: 3 } },
      [{ cluster: 'm', part: { numerator: 1, denominator: 3 } }],
    ],
    ['nothing at 0 percent', { percent: 0 }, []],
    ['nothing at a fraction of 0', { fraction: { numerator: 0, denominator: 5 } }, []],
  ])('copies %s', (_what, more, value) => {
    const { features, problems } = compile(more)
    expect(problems).toEqual([])
    expect(requestMirror.of(features)).toEqual(value)
  })

  test.each<[Partial<HTTPRequestMirrorFilter>, string]>([
    [
      { percent: 1, fraction: { numerator: 1, denominator: 2 } },
      'fraction: percent is given already; keep one of them',
    ],
    [
      { fraction: { numerator: 3, denominator: 2 } },
      'fraction.numerator: 3/2 is more than all requests; make numerator at most denominator',
    ],
  ])('%j is refused', (more, line) => {
    expect(compile(more).problems.map(({ field, message }) => `${field}: ${message}`)).toEqual([
      `spec.rules[0].filters[0].requestMirror.${line}`,
    ])
  })

  test('what does not resolve is left out, and the requests are served', () => {
    const { features, problems } = compile({}, 'gone')
    expect([requestMirror.of(features), problems]).toEqual([[], []])
    expect(requestMirror.route?.([], route('r', prefix('/'), forwardTo()))).toEqual({})
  })

  test('its clusters are those of the rule and of the backendRefs', () => {
    const own = backend('b', 1, [requestMirror.value([mirror('n')])])
    expect(featureClusters([requestMirror.value([mirror('m')])], [own])).toEqual(['m', 'n'])
  })
})
