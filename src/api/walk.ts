import { formatPath, type PathSegment } from './field-path.ts'
import { describeType, type ParseProblem, type ParseReason, quoteValue } from './parse-problem.ts'
import type { Rule } from './schema.ts'

/** Reports the CEL rules that do not hold on a structurally sound value. The walk stands at the value. */
export type RuleCheck = (rules: readonly Rule[], subject: RuleSubject, walk: Walk) => void

/** What a rule is about. */
export interface RuleSubject {
  readonly self: unknown
  /** The value before the change; undefined when there was none. */
  readonly old?: unknown
}

/** More mistakes than this in one object are counted, not listed. */
const maxProblems = 100

/** What a walk needs from its caller. */
export interface WalkOptions {
  /** What to do about a field that is unknown. */
  readonly remedyForUnknown: (path: readonly PathSegment[], key: string) => string
  /** Told of each unknown field, which is then left out. Default: an unknown field is a mistake. */
  readonly onDropped?: ((problem: ParseProblem) => void) | undefined
  /** Default: rules are not looked at. */
  readonly checkRules?: RuleCheck | undefined
}

/** Where a validation is in an object, and what it found so far. */
export class Walk {
  readonly path: PathSegment[] = []
  readonly problems: ParseProblem[] = []
  /** Mistakes of structure so far: rules expect a value without any. */
  faults = 0
  readonly #checkRules: RuleCheck | undefined
  /** True while values must not be quoted. */
  isSecret = false
  #unlisted = 0
  readonly #options: WalkOptions

  constructor(options: WalkOptions) {
    this.#options = options
    this.#checkRules = options.checkRules
  }

  /** Every problem found, the last one telling how many more there are when they are too many. */
  finish(): readonly ParseProblem[] {
    if (this.#unlisted === 0) return this.problems
    const message = `${this.#unlisted} more problems in this object`
    return [...this.problems, { severity: 'error', reason: 'TooManyProblems', field: '', message }]
  }

  /** Notes a mistake at the current place. */
  report(reason: ParseReason, message: string, remedy?: string): void {
    this.faults += 1
    if (this.problems.length >= maxProblems) this.#unlisted += 1
    else this.problems.push({ severity: 'error', reason, field: formatPath(this.path), message, remedy })
  }

  /** Notes a mistake at a field of the current place. */
  reportAt(segment: PathSegment, reason: ParseReason, message: string, remedy?: string): void {
    this.path.push(segment)
    this.report(reason, message, remedy)
    this.path.pop()
  }

  /** Looks at what is below a field of the current place. */
  within(segment: PathSegment, look: () => void): void {
    this.path.push(segment)
    look()
    this.path.pop()
  }

  /** The value as it may be shown. */
  quote(value: unknown): string {
    return this.isSecret ? 'the value (not shown)' : quoteValue(value)
  }

  /** Notes a value of another type than `wanted`. */
  wrongType(wanted: string, value: unknown, remedy: string): void {
    this.report('WrongType', `must be ${wanted}, but ${this.quote(value)} is ${describeType(value)}`, remedy)
  }

  /** Checks rules on the value at the current place, where they are asked for. A broken rule is no fault of structure. */
  checkRules(rules: readonly Rule[], subject: RuleSubject): void {
    const { faults } = this
    this.#checkRules?.(rules, subject, this)
    this.faults = faults
  }

  /** Notes a field that the object at the current place does not have. */
  unknownField(key: string): void {
    const { onDropped, remedyForUnknown } = this.#options
    const message = `unknown field ${quoteValue(key)}`
    if (onDropped === undefined) {
      // What is only counted needs no advice, which takes longer to find than all else.
      const remedy = this.problems.length < maxProblems ? remedyForUnknown(this.path, key) : undefined
      this.reportAt(key, 'UnknownField', message, remedy)
      return
    }
    const field = formatPath([...this.path, key])
    const remedy = 'a newer version of the API may know it'
    onDropped({ severity: 'warning', reason: 'UnknownField', field, message: `${message} is ignored`, remedy })
  }
}
