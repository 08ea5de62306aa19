/** Rules about changes: what a value may become, given what it was. */
import { isRecord, isTransition } from './compile.ts'
import type { ArraySchema, Schema } from './schema.ts'
import type { RuleSubject, Walk } from './walk.ts'

type Transition = (subject: RuleSubject, walk: Walk) => void

const compiled = new WeakMap<Schema, Transition | 'none'>()

/**
 * Reports the rules about changes that a sound object breaks. A value is paired with the one at the same field, and in a
 * list of type map with the one of the same keys; one that was not there before has no old value and may be anything,
 * unless the rule says `optionalOldSelf`.
 */
export function checkTransitions(schema: Schema, subject: RuleSubject, walk: Walk): void {
  if (walk.problems.length > 0) return
  const transition = compileTransition(schema)
  if (transition !== 'none') transition(subject, walk)
}

function compileTransition(schema: Schema): Transition | 'none' {
  let known = compiled.get(schema)
  if (known === undefined) {
    known = makeTransition(schema)
    compiled.set(schema, known)
  }
  return known
}

function makeTransition(schema: Schema): Transition | 'none' {
  const rules = schema.rules?.filter(isTransition) ?? []
  const below = transitionBelow(schema)
  if (rules.length === 0) return below
  const always = rules.filter((rule) => rule.optionalOldSelf === true)
  return (subject, walk) => {
    walk.checkRules(subject.old === undefined ? always : rules, subject)
    if (below !== 'none') below(subject, walk)
  }
}

function transitionBelow(schema: Schema): Transition | 'none' {
  switch (schema.type) {
    case 'object':
      return transitionOfFields(Object.entries(schema.properties))
    case 'map': {
      const values = compileTransition(schema.values)
      if (values === 'none') return 'none'
      return ({ self, old }, walk) => {
        if (!isRecord(self)) return
        for (const name of Object.keys(self)) visit(values, name, self[name], fieldOf(old, name), walk)
      }
    }
    case 'array':
      return transitionOfItems(schema)
    default:
      return 'none'
  }
}

function transitionOfFields(properties: readonly (readonly [string, Schema])[]): Transition | 'none' {
  const fields = properties.flatMap(([name, child]) => {
    const transition = compileTransition(child)
    return transition === 'none' ? [] : [[name, transition] as const]
  })
  if (fields.length === 0) return 'none'
  return ({ self, old }, walk) => {
    for (const [name, transition] of fields) visit(transition, name, fieldOf(self, name), fieldOf(old, name), walk)
  }
}

function transitionOfItems({ items, keys }: ArraySchema): Transition | 'none' {
  const transition = compileTransition(items)
  if (transition === 'none') return 'none'
  return ({ self, old }, walk) => {
    if (!Array.isArray(self)) return
    const before: readonly unknown[] = keys !== undefined && Array.isArray(old) ? old : []
    const isSame = (a: unknown, b: unknown) => keys?.every((key) => fieldOf(a, key) === fieldOf(b, key)) === true
    self.forEach((item: unknown, index) => {
      visit(
        transition,
        index,
        item,
        before.find((other) => isSame(item, other)),
        walk,
      )
    })
  }
}

function visit(transition: Transition, segment: string | number, self: unknown, old: unknown, walk: Walk): void {
  if (self === undefined) return
  walk.path.push(segment)
  transition({ self, old }, walk)
  walk.path.pop()
}

function fieldOf(value: unknown, name: string): unknown {
  return isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined
}
