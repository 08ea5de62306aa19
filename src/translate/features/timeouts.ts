/** `HTTPRouteTimeouts.request`: the time until the whole response, whatever the number of tries. */
import type { HTTPRouteRule } from '../../api/gen/types.ts'
import { durationOf } from '../../envoy/wrappers.ts'
import { err, ok, type Result } from '../../lib/result.ts'
import type { Problem } from '../../api/conditions.ts'
import { httpDefaults } from '../edge-defaults.ts'
import { parseDurationField } from './duration-field.ts'
import { defineRuleField } from './feature.ts'
import { unsupported } from './problems.ts'

/** Each in milliseconds; 0 is no limit (GEP-1742). */
export interface Timeouts {
  readonly requestMs?: number | undefined
  /** The longest that a response may keep silent because of what the rule allows; absent: as everywhere. */
  readonly idleMs?: number | undefined
}

/** The part of GEP-1742 that bounds the whole response. */
export const timeouts = defineRuleField<Timeouts>({
  name: 'timeouts',
  conformance: ['HTTPRouteRequestTimeout'],
  parse,
  route: ({ requestMs, idleMs }) => ({
    action: {
      // envoy: RouteAction.timeout, whose 0 is no limit too.
      ...(requestMs === undefined ? {} : { timeout: durationOf(requestMs) }),
      ...(idleMs === undefined ? {} : { idleTimeout: durationOf(idleMs) }),
    },
  }),
})

function parse({ timeouts: written }: HTTPRouteRule, field: string): Result<Timeouts | undefined, readonly Problem[]> {
  const request = parseDurationField(written?.request, `${field}.timeouts.request`)
  const backendRequest = parseDurationField(written?.backendRequest, `${field}.timeouts.backendRequest`)
  // The feature that owns backendRequest tells what is wrong with it.
  if (!request.ok) return err([request.error])
  const requestMs = request.value
  const backendMs = backendRequest.ok ? backendRequest.value : undefined
  if (requestMs !== undefined && requestMs > 0 && backendMs !== undefined && backendMs > requestMs) {
    const message = `is longer than request (${written?.request}), which bounds all tries; make it at most that`
    return err([unsupported(`${field}.timeouts.backendRequest`, message)])
  }
  const idleMs = idleLimit(requestMs ?? backendMs)
  return ok(requestMs === undefined && idleMs === undefined ? undefined : { requestMs, idleMs })
}

/** A stream may be silent for as long as the rule lets it take: the general limit would cut it off before. */
function idleLimit(allowedMs: number | undefined): number | undefined {
  const isCut = allowedMs === 0 || (allowedMs !== undefined && allowedMs > httpDefaults.streamIdleTimeoutMs)
  return isCut ? allowedMs : undefined
}
