/** The features that are built. Their order is that of the HTTP filters in every connection manager. */
import { cors } from './cors.ts'
import { type AnyFeature, anyFeature } from './feature.ts'
import { requestHeaderModifier, responseHeaderModifier } from './header-modifier.ts'
import { requestMirror } from './request-mirror.ts'
import { requestRedirect } from './request-redirect.ts'
import { retry } from './retry.ts'
import { timeouts } from './timeouts.ts'
import { urlRewrite } from './url-rewrite.ts'

/** Every feature, once. */
export const routeFeatures: readonly AnyFeature[] = [
  // Answers preflight requests, which bring no credentials: ahead of whatever will ask for some.
  anyFeature(cors),
  // None of these has an HTTP filter: they are fields of the route, which the router applies last. Their order is free.
  anyFeature(requestHeaderModifier),
  anyFeature(responseHeaderModifier),
  anyFeature(requestMirror),
  anyFeature(requestRedirect),
  anyFeature(retry),
  anyFeature(timeouts),
  anyFeature(urlRewrite),
]
