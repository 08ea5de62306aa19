import { Document, isSeq, visit } from 'yaml'
import { controllerRules, ownNamespaceRules, type PolicyRule, personaRules, viewerRules } from './rules.ts'

/** The files of deploy/chart/files/rules: name and text of each. */
export function renderRules(): ReadonlyMap<string, string> {
  const files: readonly (readonly [string, readonly PolicyRule[]])[] = [
    ['controller.yaml', controllerRules()],
    ['own-namespace.yaml', ownNamespaceRules()],
    ['infrastructure-provider.yaml', personaRules('infrastructure-provider')],
    ['cluster-operator.yaml', personaRules('cluster-operator')],
    ['application-developer.yaml', personaRules('application-developer')],
    ['viewer.yaml', viewerRules()],
  ]
  return new Map(files.map(([name, rules]) => [name, render(rules)]))
}

/** Lists of words on one line each. */
function render(rules: readonly PolicyRule[]): string {
  const document = new Document(rules)
  visit(document, {
    Pair: (_, { value }) => {
      if (isSeq(value)) value.flow = true
    },
  })
  const text = document.toString({ flowCollectionPadding: false, lineWidth: 0 })
  return `# Written by tools/gen-rbac.ts from src/api/kinds.ts and src/api/managed-kinds.ts.\n${text}`
}
