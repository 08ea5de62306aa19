/** Decides the CEL rules of schemas and puts what they find into our words. */
import { Optional } from '@marcbachmann/cel-js'
import { type CompiledExpression, compileExpression } from './cel.ts'
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

const conjunctions = new WeakMap<readonly Rule[], CompiledExpression>()

/** Whether all hold, in one evaluation: half the time of one each, which is what good objects cost. */
function decideTogether(rules: readonly Rule[], { self, old }: RuleSubject): boolean {
  if (rules.some((rule) => rule.optionalOldSelf === true)) return false
  let conjunction = conjunctions.get(rules)
  if (conjunction === undefined) {
    conjunction = compileExpression(rules.map(({ rule }) => `(${rule})`).join(' && '))
    conjunctions.set(rules, conjunction)
  }
  try {
    return conjunction.run({ self, oldSelf: old }) === true
  } catch {
    return false
  }
}

/** `error`: the rule could not be evaluated, which the API server refuses like a broken one. */
type Failure = 'none' | 'broken' | 'error'

function decide(rule: Rule, { self, old }: RuleSubject): Failure {
  const oldSelf = rule.optionalOldSelf === true ? Optional.of(old) : old
  try {
    return compileExpression(rule.rule).run({ self, oldSelf }) === true ? 'none' : 'broken'
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
