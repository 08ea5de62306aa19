import { describe, expect, test } from 'vitest'
import { createMetrics } from './metrics.ts'

describe('createMetrics', () => {
  test('metrics come out in the text format with help, type and labels', async () => {
    const metrics = createMetrics()
    metrics
      .counter({ name: 'fairlead_acks_total', help: 'Acknowledged.', labels: ['type'] })
      .inc({ type: 'cluster' }, 2)
    metrics.gauge({ name: 'fairlead_streams', help: 'Open streams.' }).set(3)
    metrics.histogram({ name: 'fairlead_tick_seconds', help: 'Ticks.', buckets: [0.1, 1] }).observe(0.5)
    const text = await metrics.render()
    expect(text).toContain('# HELP fairlead_acks_total Acknowledged.\n# TYPE fairlead_acks_total counter')
    expect(text).toContain('fairlead_acks_total{type="cluster"} 2')
    expect(text).toContain('fairlead_streams 3')
    expect(text).toContain('fairlead_tick_seconds_bucket{le="0.1"} 0')
    expect(text).toContain('fairlead_tick_seconds_bucket{le="1"} 1')
    expect(metrics.contentType).toMatch(/^text\/plain/)
  })

  test('a gauge that is read has the value of the moment', async () => {
    const metrics = createMetrics()
    let waiting = 1
    metrics.gauge({ name: 'fairlead_waiting', help: 'What waits.', read: () => waiting })
    expect(await metrics.render()).toContain('\nfairlead_waiting 1\n')
    waiting = 3
    expect(await metrics.render()).toContain('\nfairlead_waiting 3\n')
  })

  test('two registries share nothing', async () => {
    const name = 'fairlead_streams'
    createMetrics().gauge({ name, help: 'Open.' }).set(1)
    const second = createMetrics()
    second.gauge({ name, help: 'Open.' })
    expect(await second.render()).toContain('fairlead_streams 0')
  })

  test('the metrics of the Node process are there when asked for', async () => {
    const metrics = createMetrics()
    expect(await metrics.render()).not.toContain('fairlead_process_')
    metrics.addNodeMetrics()
    expect(await metrics.render()).toContain('fairlead_process_cpu_seconds_total')
  })

  test.each(['namespace', 'hostname', 'route', 'address', 'message'])('label %s is refused', (label) => {
    expect(() => createMetrics().gauge({ name: 'fairlead_x', help: 'X.', labels: [label] })).toThrow(
      `label ${label} has one value per object`,
    )
  })

  test('a counter ends in _total, a histogram in its unit, a gauge in neither', () => {
    const { counter, gauge, histogram } = createMetrics()
    expect(() => counter({ name: 'fairlead_acks', help: 'X.' })).toThrow('ends in _total')
    expect(() => gauge({ name: 'fairlead_acks_total', help: 'X.' })).toThrow('anything but _total')
    expect(() => histogram({ name: 'fairlead_tick', help: 'X.' })).toThrow('ends in _seconds, _bytes, _size')
  })

  test('a name in another case and a help that is no sentence are refused', () => {
    const { gauge } = createMetrics()
    expect(() => gauge({ name: 'fairlead_openStreams', help: 'X.' })).toThrow('lower-case words')
    expect(() => gauge({ name: 'fairlead_streams', help: 'open streams' })).toThrow('its help is a sentence')
  })
})
