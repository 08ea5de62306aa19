import { describe, expect, test } from 'vitest'
import { kinds } from '../../src/api/kinds.ts'
import { controllerRules, ownNamespaceRules, type PolicyRule, personaRules, viewerRules } from './rules.ts'

function allows(rules: readonly PolicyRule[], verb: string, group: string, resource: string): boolean {
  return rules.some((rule) => {
    return rule.apiGroups.includes(group) && rule.resources.includes(resource) && rule.verbs.includes(verb)
  })
}

const gatewayApi = 'gateway.networking.k8s.io'

describe('controllerRules', () => {
  test('every kind that is read may be listed and watched', () => {
    const rules = controllerRules()
    for (const { group, plural } of kinds) {
      expect([plural, allows(rules, 'list', group, plural), allows(rules, 'watch', group, plural)]).toEqual([
        plural,
        true,
        true,
      ])
    }
  })

  test('of what is read only the status may be changed, and only where we write one', () => {
    const rules = controllerRules()
    expect(allows(rules, 'patch', gatewayApi, 'httproutes')).toBe(false)
    expect(allows(rules, 'patch', gatewayApi, 'httproutes/status')).toBe(true)
    expect(allows(rules, 'patch', gatewayApi, 'referencegrants/status')).toBe(false)
  })

  test('no rule has a wildcard, and no Secret may be changed in the whole cluster', () => {
    const rules = controllerRules()
    expect(JSON.stringify(rules)).not.toContain('*')
    for (const verb of ['create', 'update', 'patch', 'delete']) expect(allows(rules, verb, '', 'secrets')).toBe(false)
    expect(allows(ownNamespaceRules(), 'create', '', 'secrets')).toBe(true)
  })

  test('a resource is in one rule only: verbs of several tables are joined', () => {
    const names = controllerRules().flatMap(({ apiGroups, resources, resourceNames }) => {
      return resources.map((resource) => JSON.stringify([apiGroups, resource, resourceNames]))
    })
    expect(new Set(names).size).toBe(names.length)
  })
})

describe('personaRules', () => {
  test.each([
    ['application-developer', 'httproutes', true],
    ['application-developer', 'gateways', false],
    ['application-developer', 'referencegrants', false],
    ['cluster-operator', 'gateways', true],
    ['cluster-operator', 'httproutes', false],
    ['cluster-operator', 'gatewayclasses', false],
    ['infrastructure-provider', 'gatewayclasses', true],
    ['infrastructure-provider', 'gateways', false],
  ] as const)('%s, %s: %s to change, true to see', (persona, resource, may) => {
    const rules = personaRules(persona)
    expect(allows(rules, 'update', gatewayApi, resource)).toBe(may)
    expect(allows(rules, 'list', gatewayApi, resource)).toBe(true)
  })

  test('nobody but the control plane may write a status', () => {
    const all = [viewerRules(), ...(['application-developer', 'cluster-operator'] as const).map(personaRules)]
    expect(JSON.stringify(all)).not.toContain('/status')
  })
})
