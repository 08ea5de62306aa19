/** What the state of a watch means for an operator, in words. */
import type { Kind } from '../api/kinds.ts'
import { gatewayApiGroup } from '../api/gen/schemas.ts'
import { listOf, type ParseProblem } from '../api/parse-problem.ts'
import { KubeError } from './kube-client.ts'
import type { Loss, ReflectorState } from './reflector.ts'
import { resourceName } from './rest-path.ts'

/** The notice of a kind, or of one watched object of it; undefined when all is well. */
export function kindNotice(
  kind: Kind,
  state: Exclude<ReflectorState, { readonly kind: 'failing' }>,
  clusterRole: string,
): string | undefined {
  switch (state.kind) {
    case 'synced':
      return undefined
    case 'doubted':
      return `the API server shows none of ${state.kept} objects of kind ${kind.kind} any more; they stay in use until it says so again in 30 s`
    case 'absent':
      return absentNotice(kind, state)
    case 'refused':
      return `${refusedNotice(resourceName(kind), state, clusterRole)}${lossWords(state)}`
  }
}

const unknownToIt =
  'it does not know who we are; is the token or the certificate expired, or of another cluster? Was the ServiceAccount made anew, restart its pods: `kubectl rollout restart`. It says'

/** What a failure is about, and its notice: that an API server does not answer, or not us, is not the fault of a kind. */
export function failureNotice(subject: string, error: unknown): { readonly subject: string; readonly message: string } {
  const message = error instanceof Error ? error.message : String(error)
  const status = error instanceof KubeError ? error.status : undefined
  const why = message.slice(message.indexOf(': ') + 2)
  if (status === 0) return { subject: 'API server', message: `${why}; what is known stays in use` }
  if (status === 401) return { subject: 'API server', message: `${unknownToIt}: ${why}; what is known stays in use` }
  return { subject, message: `it cannot be watched; what is known stays in use: ${message}` }
}

/** What is more than a word of advice: something that was there, or must be, is not in use. */
export function isKindError(kind: Kind, state: Exclude<ReflectorState, { readonly kind: 'failing' }>): boolean {
  return state.kind !== 'absent' || kind.required || state.kept > 0 || state.lost > 0
}

/** What becomes of the objects that were there; empty when there were none. */
function lossWords({ kept, lost }: Loss): string {
  if (kept === 1) return '; the one object that was there stays in use until this has stood for 30 s'
  if (kept > 1) return `; the ${kept} objects that were there stay in use until this has stood for 30 s`
  if (lost === 1) return '; the one object that was there is not in use any more'
  return lost > 1 ? `; the ${lost} objects that were there are not in use any more` : ''
}

function absentNotice(kind: Kind, loss: Loss): string {
  const what = `the API server does not serve ${resourceName(kind)} in version ${kind.version}`
  const remedy =
    kind.group === gatewayApiGroup
      ? 'install the Gateway API CRDs, release 1.7: kubectl apply --server-side -f standard-install.yaml of kubernetes-sigs/gateway-api'
      : 'install the CRDs that come with Fairlead'
  const effect = kind.required ? 'nothing is served before' : 'there are none until then'
  return `${what}: ${remedy}${lossWords(loss) || `; ${effect}`}`
}

/** Which role lacks which verb on a resource, named as RBAC does. */
export function refusedNotice(
  resource: string,
  state: ReflectorState & { readonly kind: 'refused' },
  clusterRole: string,
): string {
  if (state.verbs.length === 0) return `${resource} may not be read: ${state.error.message}`
  const verbs = listOf(
    state.verbs.map((verb) => `\`${verb}\``),
    'and',
  )
  // As the API server calls us: a role helps only whom it is bound to.
  const user = /User "([^"]+)"/.exec(state.error.message)?.[1]
  const whom = user === undefined ? '' : ` for ${user}`
  return `ClusterRole ${clusterRole} lacks ${verbs} on ${resource}${whom}; add it, or apply the roles and bindings of this version`
}

/** Why an object is not taken: the fields and the rules. */
export function parseNotice(problems: readonly ParseProblem[], hasLast: boolean): string {
  const words = problems
    .slice(0, 5)
    .map(
      ({ field, message, remedy }) =>
        `${field === '' ? '' : `${field}: `}${message}${remedy === undefined ? '' : `; ${remedy}`}`,
    )
  const more = problems.length > 5 ? ` (and ${problems.length - 5} more)` : ''
  const effect = hasLast ? 'the version before stays in use' : 'it is not used'
  return `${words.join('. ')}${more}: ${effect}`
}

/** What is in an object that this version does not know. */
export function droppedNotice(problems: readonly ParseProblem[]): string {
  const fields = problems.map(({ field }) => field)
  const shown = fields.slice(0, 5).join(', ')
  const more = fields.length > 5 ? ` and ${fields.length - 5} more` : ''
  return `not known to this version and ignored: ${shown}${more}`
}
