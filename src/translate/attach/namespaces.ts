/** Which namespaces a listener takes routes from (`AllowedRoutes.namespaces`). */
import type { LabelSelector } from '../../api/core.ts'

/** `selector: undefined` with `Selector` selects nothing: the safe reading of an incomplete object. */
export type NamespacePolicy =
  | { readonly from: 'All' | 'None' | 'Same' }
  | { readonly from: 'Selector'; readonly selector: LabelSelector | undefined }

/** Whether routes of `namespace`, which has `labels`, may attach to a listener of a Gateway in `gatewayNamespace`. */
export function allowsNamespace(
  policy: NamespacePolicy,
  gatewayNamespace: string,
  namespace: string,
  labels: Readonly<Record<string, string>> | undefined,
): boolean {
  switch (policy.from) {
    case 'All':
      return true
    case 'None':
      return false
    case 'Same':
      return namespace === gatewayNamespace
    case 'Selector':
      return policy.selector !== undefined && labels !== undefined && selects(policy.selector, labels)
  }
}

/** Whether a label selector matches; an empty selector matches everything (`metav1.LabelSelector`). */
export function selects(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  const byLabel = Object.entries(selector.matchLabels ?? {}).every(([name, value]) => labelOf(labels, name) === value)
  return byLabel && (selector.matchExpressions ?? []).every((expression) => meets(expression, labels))
}

function meets(
  expression: { readonly key: string; readonly operator: string; readonly values?: readonly string[] | undefined },
  labels: Readonly<Record<string, string>>,
): boolean {
  const value = labelOf(labels, expression.key)
  const values = expression.values ?? []
  switch (expression.operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    default:
      return false
  }
}

/** Not every name that an object answers to is a label: `constructor` may be one. */
function labelOf(labels: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(labels, name) ? labels[name] : undefined
}
