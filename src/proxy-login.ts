/** Who a proxy is: the pod, of the Gateway's own fleet, whose service account's token it brings. */
import { tokenAudience } from './infra/fleet-settings.ts'
import type { GatewayInfra } from './ir/infra.ts'
import { fleetName } from './ir/names.ts'
import type { Metrics } from './lib/metrics.ts'
import { err, mapOk } from './lib/result.ts'
import type { TokenOwner, TokenReviewer } from './watch/token-review.ts'
import type { Authenticate, LoginRefusal, ProxyIdentity } from './xds/authenticate.ts'

/** Who knows tokens, and who knows what runs for a Gateway. */
export interface ProxyLoginOptions {
  readonly reviewer: Pick<TokenReviewer, 'review'>
  /** What runs for a Gateway, by its key. */
  readonly infraOf: (gateway: string) => GatewayInfra | undefined
  readonly metrics: Metrics
}

/** Lets a pod have the configuration of the Gateway that its service account was made for, and of no other. */
export function proxyLogin({ reviewer, infraOf, metrics }: ProxyLoginOptions): Authenticate {
  const logins = metrics.counter({
    name: 'fairlead_xds_logins_total',
    help: 'Streams that clients wanted to open, by whether their token was accepted.',
    labels: ['result'],
  })
  return async ({ token, peer }) => {
    const review = token === undefined ? err(noToken) : await reviewer.review(token, peer)
    logins.inc({ result: review.ok ? 'accepted' : review.error.kind })
    if (review.ok) return mapOk(review, (owner) => identityOf(owner, infraOf))
    const { kind, message } = review.error
    return err<LoginRefusal>({ code: kind === 'invalid' ? 'UNAUTHENTICATED' : 'UNAVAILABLE', message })
  }
}

const noToken = {
  kind: 'invalid',
  message: `there is no token; send that of the proxy's service account for the audience "${tokenAudience}"`,
} as const

function identityOf({ namespace, name, pod }: TokenOwner, infraOf: ProxyLoginOptions['infraOf']): ProxyIdentity {
  return {
    name: `service account ${namespace}/${name}`,
    // As the bootstrap of a fleet's pod names it.
    nodeId: pod === undefined ? undefined : `${namespace}/${pod}`,
    mayRun: (gateway) => {
      const infra = infraOf(gateway)
      return infra?.namespace === namespace && fleetName(infra.name, infra.className) === name
    },
  }
}
