/** Decides the CEL rules of schemas and puts what they find into our words. */
import { Optional } from '@marcbachmann/cel-js'
import { type CompiledExpression, compileExpression, selfTypeOf } from './cel.ts'
import type { PathSegment } from './field-path.ts'
import { listOf, type ParseReason } from './parse-problem.ts'
import { wordsOf } from './rule-words.ts'
import type { Rule } from './schema.ts'
import type { RuleCheck, RuleSubject, Walk } from './walk.ts'

/** Reports every rule that does not hold. The walk stands at the node. */
export const checkRules: RuleCheck = (rules, subject, walk) => {
  if (rules.length > 1 && decideTogether(rules, subject)) return
  for (const rule of rules) {
    const failure = decide(rule, subject)
    if (failure !== 'none') reportRule(rule, subject, failure, walk)
  }
}

/** Rules of one value as one expression, and small values that it held for. */
interface Conjunction {
  readonly expression: CompiledExpression
  readonly good: Set<string>
}

const conjunctions = new WeakMap<readonly Rule[], Conjunction>()

/**
 * Whether all hold, in one evaluation: half the time of one each, which is what good objects cost. Small values that most
 * objects share (a parentRef, the path "/") are remembered, which halves it again.
 */
function decideTogether(rules: readonly Rule[], { self, old }: RuleSubject): boolean {
  if (rules.some((rule) => rule.optionalOldSelf === true)) return false
  let conjunction = conjunctions.get(rules)
  if (conjunction === undefined) {
    const expression = compileExpression(rules.map(({ rule }) => `(${rule})`).join(' && '), selfTypeOf(self))
    conjunction = { expression, good: new Set() }
    conjunctions.set(rules, conjunction)
  }
  const { expression, good } = conjunction
  const key = old === undefined && countParts(self, 0) <= maxKnownParts ? JSON.stringify(self) : undefined
  if (key !== undefined && good.has(key)) return true
  try {
    if (expression.run({ self, oldSelf: old }) !== true) return false
  } catch {
    return false
  }
  if (key !== undefined && key.length <= maxKnownChars) {
    if (good.size >= maxKnown) good.clear()
    good.add(key)
  }
  return true
}

const maxKnown = 500
const maxKnownParts = 10
const maxKnownChars = 300

/** How many fields and items there are in a value and below; more than the most that matter are not counted on. */
function countParts(value: unknown, before: number): number {
  if (typeof value !== 'object' || value === null || before > maxKnownParts) return before
  let count = before
  for (const part of Object.values(value)) count = countParts(part, count + 1)
  return count
}

/** `error`: the rule could not be evaluated, which the API server refuses like a broken one. */
type Failure = 'none' | 'broken' | 'error'

function decide(rule: Rule, { self, old }: RuleSubject): Failure {
  const oldSelf = rule.optionalOldSelf === true ? Optional.of(old) : old
  try {
    return compileExpression(rule.rule, selfTypeOf(self)).run({ self, oldSelf }) === true ? 'none' : 'broken'
  } catch {
    return 'error'
  }
}

function reportRule(rule: Rule, subject: RuleSubject, failure: Failure, walk: Walk): void {
  const below = (rule.fieldPath ?? '').split('.').filter((name) => name !== '')
  const culprits = failure === 'broken' && below.length === 0 ? findCulprits(rule, subject.self) : []
  const last = culprits.at(-1)
  const path: readonly PathSegment[] = last === undefined ? below : [last.segment]
  const about = last === undefined ? subject : { ...subject, self: last.value }
  const [template, remedy] = wordsOf(rule.message) ?? [messageOf(rule, subject), 'correct it']
  const names = culprits.map(({ segment }) => String(segment))
  const items = `${names.length === 1 ? 'item' : 'items'} ${listOf(names, 'and')}`
  walk.path.push(...path)
  walk.report(reasons[rule.reason ?? ''] ?? 'RuleBroken', fill(template, about, items, walk), remedy)
  walk.path.length -= path.length
}

/** `reason` of a rule, as the kind of error it makes. Default: FieldValueInvalid. */
const reasons: Readonly<Record<string, ParseReason>> = {
  FieldValueRequired: 'MissingField',
  FieldValueDuplicate: 'Duplicate',
}

function messageOf(rule: Rule, { self, old }: RuleSubject): string {
  if (rule.messageExpression === undefined) return rule.message
  try {
    const message = compileExpression(rule.messageExpression).run({ self, oldSelf: old })
    return typeof message === 'string' && message !== '' ? message : rule.message
  } catch {
    return rule.message
  }
}

interface Culprit {
  readonly segment: PathSegment
  readonly value: unknown
}

/** Of a rule `self.all(x, ...)` the items that it is false for. */
function findCulprits({ rule }: Rule, self: unknown): readonly Culprit[] {
  const { forAll } = compileExpression(rule)
  if (forAll === undefined || typeof self !== 'object' || self === null) return []
  const { run } = compileExpression(forAll.body)
  const items: readonly Culprit[] = Array.isArray(self)
    ? self.map((value: unknown, segment) => ({ segment, value }))
    : Object.keys(self).map((segment) => ({ segment, value: segment }))
  try {
    return items.filter(({ value }) => run({ self, [forAll.variable]: value }) !== true)
  } catch {
    return []
  }
}

function fill(template: string, { self, old }: RuleSubject, items: string, walk: Walk): string {
  return template.replace(/\{(\w*)\}/g, (_, name: string) => {
    if (name === 'items') return items
    if (name === 'old') return walk.quote(old)
    if (name === '') return walk.quote(self)
    return walk.quote(typeof self === 'object' && self !== null ? Reflect.get(self, name) : undefined)
  })
}
