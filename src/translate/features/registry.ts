/** The features that are built. Their order is that of the HTTP filters in every connection manager. */
import { type AnyFeature, anyFeature } from './feature.ts'
import { requestHeaderModifier, responseHeaderModifier } from './header-modifier.ts'
import { requestRedirect } from './request-redirect.ts'
import { urlRewrite } from './url-rewrite.ts'

// None of these has an HTTP filter: they are fields of the route, which the router applies last. Their order is free.
export const routeFeatures: readonly AnyFeature[] = [
  anyFeature(requestHeaderModifier),
  anyFeature(responseHeaderModifier),
  anyFeature(requestRedirect),
  anyFeature(urlRewrite),
]
