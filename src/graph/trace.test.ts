import { describe, expect, test } from 'vitest'
import type { ExplainStep } from './trace.ts'
import { Graph } from './graph.ts'

function build() {
  const graph = new Graph({ checkPurity: true })
  const routes = graph.source<{ readonly service: string }>('routes')
  const services = graph.source<{ readonly port: number }>('services')
  const mesh = graph.single('mesh', 'on')
  const byService = graph.index('byService', routes, ({ service }) => [service])
  const { outputs: units, reports } = graph.deriveWithReport('units', routes, (read, { service }, key) => {
    const found = read.get(services, service)
    return { outputs: found === undefined ? [] : [[`unit/${key}`, found.port]], report: read.single(mesh) }
  })
  const all = graph.join('all', [units, graph.source<number>('extra')])
  const used = graph.derive('used', byService.counts, (read, n, service) =>
    read.has(services, service) ? [[service, [n, read.entries(services).length]]] : [],
  )
  routes.set('r1', { service: 's1' })
  routes.set('r2', { service: 'absent' })
  services.set('s1', { port: 80 })
  graph.flush()
  return { graph, routes, services, reports, all, used, byService }
}

/** A step as lines, indented by depth. */
function lines(step: ExplainStep, indent = ''): readonly string[] {
  const line = `${indent}${step.how} ${step.collection}[${step.key}]${step.isPresent ? '' : ' absent'}${step.isCut ? ' ...' : ''}`
  return [line, ...step.from.flatMap((below) => lines(below, `${indent}  `))]
}

describe('explain', () => {
  test('a value leads down through its reads to the sources', () => {
    const { graph, all } = build()
    expect(lines(graph.explain(all, 'unit/r1'))).toEqual([
      'input all[unit/r1]',
      '  input units[unit/r1]',
      '    input routes[r1]',
      '    value services[s1]',
      '    value mesh[]',
    ])
  })

  test('a report shows what was looked for and not found', () => {
    const { graph, reports } = build()
    expect(lines(graph.explain(reports, 'r2'))).toEqual([
      'input units.reports[r2]',
      '  input routes[r2]',
      '  value services[absent] absent',
      '  value mesh[]',
    ])
  })

  test('a group leads to its members, and reads keep their kind', () => {
    const { graph, used } = build()
    expect(lines(graph.explain(used, 's1'))).toEqual([
      'input used[s1]',
      '  input byService.counts[s1]',
      '    input routes[r1]',
      '  presence services[s1]',
      '  whole services[]',
    ])
  })

  test('what is reached twice is explained once', () => {
    const { graph, routes } = build()
    const twice = graph.derive('twice', routes, (read, _route, key) => [[key, read.get(routes, key)?.service ?? '']])
    graph.flush()
    expect(lines(graph.explain(twice, 'r1'))).toEqual([
      'input twice[r1]',
      '  input routes[r1]',
      '  value routes[r1] ...',
    ])
  })

  test('a key that is not there has no origin', () => {
    const { graph, used } = build()
    expect(lines(graph.explain(used, 'nobody'))).toEqual(['input used[nobody] absent'])
  })

  test('an explanation of very many steps is cut', () => {
    const { graph, routes, byService } = build()
    for (let i = 0; i < 3000; i++) routes.set(`many${i}`, { service: 'busy' })
    graph.flush()
    const { from } = graph.explain(byService.groups, 'busy')
    expect(from.length).toBe(3000)
    expect(from.filter(({ isCut }) => isCut === true).length).toBeGreaterThan(900)
  })
})

describe('trace', () => {
  test('every node tells its kind, rank, sizes, visits and reads', () => {
    const { graph } = build()
    const nodes = graph.trace().nodes.map(({ lastMs, totalMs, ...rest }) => {
      expect(lastMs).toBeLessThanOrEqual(totalMs)
      return rest
    })
    expect(nodes.map(({ name, kind }) => `${kind} ${name}`)).toEqual([
      'source routes',
      'source services',
      'single mesh',
      'source extra',
      'index byService',
      'derive units',
      'join all',
      'derive used',
    ])
    expect(nodes.find(({ name }) => name === 'units')).toEqual({
      name: 'units',
      kind: 'derive',
      rank: 2,
      sizes: { units: 1, 'units.reports': 2 },
      visits: 2,
      conflicts: 0,
      reads: [
        { collection: 'routes', how: 'input', keys: undefined },
        { collection: 'services', how: 'value', keys: 2 },
        { collection: 'mesh', how: 'value', keys: 1 },
      ],
    })
    expect(nodes.find(({ name }) => name === 'byService')?.sizes).toEqual({
      'byService.groups': 2,
      'byService.counts': 2,
      'byService.presence': 2,
    })
  })

  test('time is counted for the last tick and in total', () => {
    let ms = 0
    const graph = new Graph({ now: () => ms++ })
    const numbers = graph.source<number>('numbers')
    const timesOf = () => graph.trace().nodes.map(({ lastMs, totalMs }) => [lastMs, totalMs])
    numbers.set('a', 1)
    graph.flush()
    expect(timesOf()).toEqual([[2, 2]])
    numbers.set('a', 2)
    numbers.set('b', 2)
    graph.flush()
    expect(timesOf()).toEqual([[3, 5]])
  })

  test('it names what waits, and is plain data', () => {
    const { graph, routes } = build()
    routes.set('r3', { service: 's1' })
    const trace = graph.trace()
    expect(trace).toMatchObject({ epoch: 1, pausedTicks: 0, pending: ['routes'], errors: [] })
    expect(JSON.parse(JSON.stringify(trace))).toMatchObject({ epoch: 1, pending: ['routes'] })
  })

  test('a collection can be found by its name', () => {
    const { graph, used } = build()
    expect(graph.find('used')).toBe(used)
    expect(graph.find('byService.counts')?.size).toBe(2)
    expect(graph.find('nothing')).toBeUndefined()
  })
})
