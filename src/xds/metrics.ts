import type { XdsType } from '../envoy/types.ts'
import type { Metrics } from '../lib/metrics.ts'

/** What the server counts. */
export interface XdsMetrics {
  sent(type: XdsType, resources: number, bytes: number): void
  acked(type: XdsType): void
  nacked(type: XdsType): void
  /** Streams that are served now. */
  streams(count: number): void
}

/** Counts into a registry. */
export function createXdsMetrics(metrics: Metrics): XdsMetrics {
  const labels = ['type'] as const
  const responses = metrics.counter({
    name: 'fairlead_xds_responses_total',
    help: 'Responses sent to proxies, by resource type.',
    labels,
  })
  const resources = metrics.counter({
    name: 'fairlead_xds_resources_total',
    help: 'Resources sent to proxies, by resource type.',
    labels,
  })
  const bytes = metrics.counter({
    name: 'fairlead_xds_response_bytes_total',
    help: 'Bytes of the responses sent to proxies, by resource type.',
    labels,
  })
  const replies = metrics.counter({
    name: 'fairlead_xds_replies_total',
    help: 'Answers of proxies to responses, by resource type and result (ack or nack).',
    labels: ['type', 'result'],
  })
  const streams = metrics.gauge({ name: 'fairlead_xds_streams', help: 'Proxies that are connected.' })
  return {
    sent: (type, count, size) => {
      responses.inc({ type })
      resources.inc({ type }, count)
      bytes.inc({ type }, size)
    },
    acked: (type) => replies.inc({ type, result: 'ack' }),
    nacked: (type) => replies.inc({ type, result: 'nack' }),
    streams: (count) => streams.set(count),
  }
}

/** Counts nothing. */
export const noMetrics: XdsMetrics = { sent: () => {}, acked: () => {}, nacked: () => {}, streams: () => {} }
