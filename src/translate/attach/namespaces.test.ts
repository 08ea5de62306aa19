import { describe, expect, test } from 'vitest'
import { allowsNamespace, type NamespacePolicy, selects } from './namespaces.ts'

describe('allowsNamespace', () => {
  const labels = { team: 'blue', 'kubernetes.io/metadata.name': 'shop' }
  const byTeam = (team: string): NamespacePolicy => ({ from: 'Selector', selector: { matchLabels: { team } } })
  test.each<[string, NamespacePolicy, string, boolean]>([
    ['All takes every namespace', { from: 'All' }, 'shop', true],
    ['None takes no namespace', { from: 'None' }, 'infra', false],
    ['Same takes that of the Gateway', { from: 'Same' }, 'infra', true],
    ['Same refuses another', { from: 'Same' }, 'shop', false],
    ['Selector takes a namespace with the label', byTeam('blue'), 'shop', true],
    ['Selector refuses a namespace with another value', byTeam('red'), 'shop', false],
    ['Selector without a selector takes nothing', { from: 'Selector', selector: undefined }, 'shop', false],
  ])('%s (AllowedRoutes.namespaces)', (_title, policy, namespace, expected) => {
    expect(allowsNamespace(policy, 'infra', namespace, labels)).toBe(expected)
  })
})

describe('selects', () => {
  const labels = { env: 'prod' }
  test.each([
    ['In', ['prod', 'dev'], 'env', true],
    ['In', ['dev'], 'env', false],
    ['In', ['dev'], 'other', false],
    ['NotIn', ['dev'], 'env', true],
    ['NotIn', ['prod'], 'env', false],
    ['NotIn', ['prod'], 'other', true],
    ['Exists', [], 'env', true],
    ['Exists', [], 'other', false],
    ['Exists', [], 'constructor', false],
    ['DoesNotExist', [], 'other', true],
    ['DoesNotExist', [], 'toString', true],
    ['DoesNotExist', [], 'env', false],
    ['Bogus', [], 'env', false],
  ])('%s %j of label %s: %s (metav1.LabelSelector)', (operator, values, key, expected) => {
    expect(selects({ matchExpressions: [{ key, operator, values }] }, labels)).toBe(expected)
  })

  test('an empty selector matches everything', () => {
    expect(selects({}, {})).toBe(true)
  })
})
