/** Annotations that other controllers read: nothing reads them here, and most have a typed field. */
import { compareStrings } from '../../lib/sorted.ts'

/** Prefixes of annotations by which other controllers are configured. */
const prefixes: readonly string[] = [
  'alb.ingress.kubernetes.io',
  'haproxy-ingress.github.io',
  'haproxy.org',
  'istio.io',
  'konghq.com',
  'nginx.ingress.kubernetes.io',
  'nginx.org',
  'projectcontour.io',
  'traefik.ingress.kubernetes.io',
]

/** What to use for annotations whose name has these words. The first that fits counts. */
const instead: readonly (readonly [RegExp, string])[] = [
  [/mirror/, 'a filter of type RequestMirror'],
  [/canary-by-header|canary-by-cookie/, 'header matches on a rule of its own'],
  [/canary|weight/, 'weight on the backendRefs'],
  [/rewrite/, 'a filter of type URLRewrite'],
  [/redirect/, 'a filter of type RequestRedirect'],
  [/cors/, 'a filter of type CORS'],
  [/timeout/, 'timeouts on the rule'],
  [/retr|next-upstream/, 'retry on the rule'],
  [/header/, 'a filter of type RequestHeaderModifier or ResponseHeaderModifier'],
]

/** The annotations that have no effect, each with what to use. */
export function foreignAnnotations(
  annotations: Readonly<Record<string, string>> = {},
): readonly { readonly field: string; readonly message: string }[] {
  return Object.keys(annotations)
    .filter((key) => prefixes.includes(key.slice(0, Math.max(0, key.indexOf('/')))))
    .sort(compareStrings)
    .map((key) => {
      const name = key.slice(key.indexOf('/') + 1)
      const field = instead.find(([words]) => words.test(name))?.[1]
      const remedy = field === undefined ? 'remove it' : `use ${field}`
      const message = `is for another controller and has no effect here; ${remedy}`
      return { field: `metadata.annotations[${JSON.stringify(key)}]`, message }
    })
}
