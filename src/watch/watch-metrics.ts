import type { Metrics } from '../lib/metrics.ts'

/** What is counted about watches. */
export type WatchMetrics = ReturnType<typeof declareWatchMetrics>

/** Declares the metrics of all watches of a process. */
export function declareWatchMetrics(metrics: Metrics) {
  return {
    events: metrics.counter({
      name: 'fairlead_watch_events_total',
      help: 'Objects that came, changed or went, as the API server told.',
      labels: ['kind', 'type'],
    }),
    lists: metrics.counter({
      name: 'fairlead_watch_lists_total',
      help: 'Times that all objects of a kind were listed, and why.',
      labels: ['kind', 'reason'],
    }),
    failures: metrics.counter({
      name: 'fairlead_watch_failures_total',
      help: 'Times that a watch did not go on, by what it came to.',
      labels: ['kind', 'state'],
    }),
    unreadable: metrics.counter({
      name: 'fairlead_watch_unreadable_objects_total',
      help: 'Versions of objects that were not taken because they do not follow the API.',
      labels: ['kind'],
    }),
    synced: metrics.gauge({
      name: 'fairlead_watch_synced',
      help: '1 while the copy of a kind is complete and followed.',
      labels: ['kind'],
    }),
    objects: metrics.gauge({
      name: 'fairlead_watch_objects',
      help: 'Objects of a kind that are known.',
      labels: ['kind'],
    }),
    skew: metrics.gauge({
      name: 'fairlead_gateway_api_version_skew',
      help: '1 while the installed CRDs of the Gateway API are of another minor version than this build is for, or not all of one release and channel.',
    }),
  }
}
