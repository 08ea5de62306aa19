import { describe, expect, test } from 'vitest'
import { answerScope } from '../testing/xds-resources.ts'
import { Quarantine } from './quarantine.ts'

const envoy = 'envoy 1.40.0'

describe('a quarantine', () => {
  test('holds bytes of one name for one version of Envoy', () => {
    const quarantine = new Quarantine()
    quarantine.add(answerScope('s', 'bad'), envoy, 'no')
    expect(quarantine.get(answerScope('s', 'bad'), envoy)).toEqual({ message: 'no' })
    expect(quarantine.has(answerScope('s', 'bad'), 'envoy 1.41.0')).toBe(false)
    expect(quarantine.has(answerScope('s', 'good'), envoy)).toBe(false)
    expect(quarantine.has(answerScope('t', 'bad'), envoy)).toBe(false)
  })

  test('lets go of what was refused longest ago when it has 10,000 entries', () => {
    const quarantine = new Quarantine()
    const resource = answerScope('s', 'bad')
    const named = (index: number) => ({ ...resource, name: `s${index}` })
    for (let index = 0; index < 10_000; index++) quarantine.add(named(index), envoy, 'no')
    quarantine.add(named(0), envoy, 'again')
    quarantine.add(named(10_000), envoy, 'no')
    expect(quarantine.size).toBe(10_000)
    expect([0, 1, 2].map((index) => quarantine.has(named(index), envoy))).toEqual([true, false, true])
  })
})
