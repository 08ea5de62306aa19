/** `HTTPURLRewriteFilter`: host and path as the backend sees them. */
import type { HTTPURLRewriteFilter } from '../../api/gen/types.ts'
import { err, ok, type Result } from '../../lib/result.ts'
import type { Problem } from '../../api/conditions.ts'
import { emitRewrite } from '../emit/path-change.ts'
import { defineFeature } from './feature.ts'
import { parsePathModifier, type PathModifier, resolvePathChange } from './path-modifier.ts'

/** What changes of the URL; what is absent stays. */
export interface UrlRewrite {
  readonly hostname?: string | undefined
  readonly path?: PathModifier | undefined
}

/** Rewrites of host and path (GEP-726). */
export const urlRewrite = defineFeature<UrlRewrite>({
  name: 'URLRewrite',
  conformance: ['HTTPRouteBackendURLRewrite', 'HTTPRouteHostRewrite', 'HTTPRoutePathRewrite'],
  levels: ['rule', 'backend'],
  parse: (filter, field) => parse(filter.urlRewrite, `${field}.urlRewrite`),
  route: ({ hostname, path }, route) => {
    const change = path === undefined ? undefined : resolvePathChange(path, route.match.path)
    return {
      action: {
        ...(hostname === undefined ? {} : { hostRewriteLiteral: hostname }),
        ...(change === undefined ? {} : emitRewrite(change)),
      },
    }
  },
  // envoy: WeightedCluster.ClusterWeight rewrites the host and never the path.
  backend: ({ hostname, path }) => (path === undefined ? { hostRewriteLiteral: hostname } : undefined),
  // Part by part: both paths are about what the rule matched, so that of the backendRef takes the place of the rule's.
  compose: (rule, backend) => ({ ...rule, ...backend }),
})

function parse(filter: HTTPURLRewriteFilter | undefined, field: string): Result<UrlRewrite, readonly Problem[]> {
  const { hostname, path } = filter ?? {}
  const modifier = path === undefined ? undefined : parsePathModifier(path, `${field}.path`)
  if (modifier?.ok === false) return err(modifier.error)
  return ok({
    ...(hostname === undefined ? {} : { hostname }),
    ...(modifier === undefined ? {} : { path: modifier.value }),
  })
}
