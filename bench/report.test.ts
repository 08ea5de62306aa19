import { describe, expect, test } from 'vitest'
import type { Figures } from './measure.ts'
import { parseOptions } from './options.ts'
import { renderFigures, renderVerdicts, verdictsOf } from './report.ts'
import { spreadOf } from './spread.ts'

const spread = (p50: number) => ({ count: 60, p50, p90: 2 * p50, max: 3 * p50 })
const figures = (count: number, editMs: number): Figures => ({ shape: 'hosts', count, editMs: spread(editMs) })

describe('spreadOf', () => {
  test('percentiles are values of the sample, by nearest rank', () => {
    expect(spreadOf([5, 1, 4, 2, 3])).toEqual({ count: 5, p50: 3, p90: 5, max: 5 })
    expect(spreadOf([7])).toEqual({ count: 1, p50: 7, p90: 7, max: 7 })
  })

  test('an empty sample has none', () => {
    expect(() => spreadOf([])).toThrow('no sample was taken')
  })
})

describe('verdictsOf', () => {
  test('targets hold at 5,000 hosts, the bound itself included', () => {
    expect(verdictsOf([figures(100, 1), figures(1000, 99)])).toEqual([])
    expect(verdictsOf([figures(5000, 10)])).toMatchObject([{ target: 'at most 10', value: 10, isMet: true }])
    expect(verdictsOf([figures(5000, 10.1)])).toMatchObject([{ isMet: false }])
  })

  test('growth is judged against the 100 hosts that were edited in turns', () => {
    const [, growth] = verdictsOf([figures(100, 1), { ...figures(5000, 6.4), smallEditMs: spread(4) }])
    expect(growth).toMatchObject({ name: 'p50 at 5,000 over p50 at 100', isMet: false })
    expect(growth?.value).toBeCloseTo(1.6)
  })

  test('other shapes have no target', () => {
    expect(verdictsOf([{ ...figures(5000, 99), shape: 'paths' }])).toEqual([])
  })
})

describe('render', () => {
  test('a figure that nobody measured has no row', () => {
    expect(renderFigures([figures(100, 1), figures(5000, 2)])).toMatchInlineSnapshot(`
      "|                                         |          100 hosts |         5000 hosts |
      |-----------------------------------------|-------------------:|-------------------:|
      | injected edit -> served, ms p50/p90/max | 1.00 / 2.00 / 3.00 | 2.00 / 4.00 / 6.00 |"
    `)
  })

  test('a missed target stands out', () => {
    expect(renderVerdicts(verdictsOf([figures(5000, 12)]))).toContain('| at most 10 |     12.0 | MISSED |')
  })
})

describe('parseOptions', () => {
  test('parts and sizes are what is named, sizes in order', () => {
    const options = parseOptions(['--hosts', '5000,100', '--only', 'edits,cost'])
    expect(options).toMatchObject({ hosts: [100, 5000], parts: new Set(['edits', 'cost']), shapes: [] })
  })

  test.each([
    ['--only', 'edit', '--only: "edit" is not a part'],
    ['--hosts', '0', '--hosts: "0" is not a whole number above 0'],
    ['--edits', 'x', '--edits: "x" is not a whole number above 0'],
  ])('%s %s is refused with a reason', (option, value, message) => {
    expect(() => parseOptions([option, value])).toThrow(message)
  })
})
