/** `HTTPRouteRetry` and `HTTPRouteTimeouts.backendRequest`: how long one try may take, and when another one follows. */
import type { HTTPRouteRule } from '../../api/gen/types.ts'
import { typedExtension } from '../../envoy/any.ts'
import type { envoy } from '../../envoy/gen/xds.js'
import { durationOf, uint32 } from '../../envoy/wrappers.ts'
import { err, ok, type Result } from '../../lib/result.ts'
import { compareNumbers } from '../../lib/sorted.ts'
import type { Problem } from '../../api/conditions.ts'
import { parseDurationField } from './duration-field.ts'
import { defineRuleField } from './feature.ts'
import { unsupported } from './problems.ts'

/** How often a request is tried, after what, and for how long each time. */
export interface Tries {
  /** Tries after the first; 0 is none. */
  readonly retries: number
  /** Status codes of a backend that are retried, ascending. */
  readonly codes: readonly number[]
  /** Milliseconds before the second try; absent: as the proxy does it, 25. */
  readonly backoffMs?: number | undefined
  /** Milliseconds for one try; absent: no limit of its own. */
  readonly tryTimeoutMs?: number | undefined
}

/** Retries (GEP-1731), and the part of GEP-1742 that bounds one try. */
export const retry = defineRuleField<Tries>({
  name: 'retry',
  conformance: ['HTTPRouteBackendTimeout', 'HTTPRouteRetryCodes', 'HTTPRouteRetryConnectionError'],
  parse,
  route: (tries) => ({ action: { retryPolicy: emitPolicy(tries) } }),
})

function parse(rule: HTTPRouteRule, field: string): Result<Tries | undefined, readonly Problem[]> {
  const { attempts = 0, codes = [], backoff } = rule.retry ?? {}
  const backoffMs = parseDurationField(backoff, `${field}.retry.backoff`)
  const tryTimeoutMs = parseDurationField(rule.timeouts?.backendRequest, `${field}.timeouts.backendRequest`)
  const tooMany = attempts > maxAttempts ? [tooManyAttempts(attempts, `${field}.retry.attempts`)] : []
  if (!backoffMs.ok || !tryTimeoutMs.ok || tooMany.length > 0) {
    return err([...tooMany, ...[backoffMs, tryTimeoutMs].flatMap((parsed) => (parsed.ok ? [] : [parsed.error]))])
  }
  // 0 is no limit (GEP-1742), as is no retry policy at all.
  const limit = tryTimeoutMs.value === 0 ? undefined : tryTimeoutMs.value
  if (attempts === 0 && limit === undefined) return ok(undefined)
  const retried = attempts === 0 ? {} : { backoffMs: backoffMs.value }
  return ok({
    retries: attempts,
    codes: attempts === 0 ? [] : [...new Set(codes)].sort(compareNumbers),
    ...retried,
    tryTimeoutMs: limit,
  })
}

/** envoy: RetryPolicy.num_retries is 32 bits wide; the API sets no bound. */
const maxAttempts = 4_294_967_295

function tooManyAttempts(attempts: number, field: string): Problem {
  return unsupported(field, `${attempts} is more than a proxy can count; use at most ${maxAttempts}`)
}

type RetryPolicy = envoy.config.route.v3.IRetryPolicy

function emitPolicy({ retries, codes, backoffMs, tryTimeoutMs }: Tries): RetryPolicy {
  const perTry = tryTimeoutMs === undefined ? {} : { perTryTimeout: durationOf(tryTimeoutMs) }
  if (retries === 0) return perTry
  return {
    retryOn: [
      ...neverProcessed,
      ...(codes.length === 0 ? [] : [byCode]),
      ...(tryTimeoutMs === undefined ? [] : [timedOut]),
    ].join(','),
    numRetries: uint32(retries),
    ...perTry,
    ...(codes.length === 0 ? {} : { retriableStatusCodes: codes }),
    ...(backoffMs === undefined ? {} : { retryBackOff: emitBackoff(backoffMs) }),
    retryHostPredicate: [previousHosts],
    hostSelectionRetryMaxAttempts: hostSelections,
  }
}

/** What no backend has begun to work on: "the connection could not be established", or it was refused. */
const neverProcessed = ['connect-failure', 'refused-stream', 'reset-before-request'] as const

const byCode = 'retriable-status-codes'

/**
 * A try that reached backendRequest (`HTTPRouteRetry.backoff`: "the Gateway SHOULD schedule the next retry attempt"). Envoy
 * knows it under this name only, which also stands for a connection that broke before the answer: who has a timed-out
 * request sent again cannot tell the two apart either. Without backendRequest it is left out: the backend may have worked.
 */
const timedOut = 'reset'

/** A further try goes to an endpoint that has not failed yet, if the balancer finds one in so many draws. */
const hostSelections = 5
const previousHosts = typedExtension(
  'envoy.retry_host_predicates.previous_hosts',
  'envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate',
  {},
)

/** The base doubles with every try, with jitter, up to ten times itself (envoy: RetryBackOff.max_interval). 0 is no wait; Envoy needs 1 ms. */
function emitBackoff(backoffMs: number): envoy.config.route.v3.RetryPolicy.IRetryBackOff {
  return { baseInterval: durationOf(Math.max(backoffMs, 1)) }
}
