/** RE2 syntax, as Envoy compiles it: checked before a proxy has to refuse it. */
import { RE2JS } from 're2js'
import { foreignPart } from './re2-classes.ts'

/**
 * Largest program that is let in, in instructions. A literal of 4,096 characters has as many; more only comes of
 * counted repetition, and costs every worker memory.
 */
export const maxRegexProgramSize = 5_000

/**
 * For `envoy: re2.max_program_size.error_level`, whose default of 100 refuses `[a-z]{1,63}`. RE2 in C++ matches bytes
 * and counts up to ten instructions where we count one, for classes beyond ASCII.
 */
export const envoyMaxRegexProgramSize = 10 * maxRegexProgramSize

/** Above this product of length and largest count an expression is not even compiled: that alone would take seconds. */
const maxUnrolledChars = 50_000

/**
 * Instructions that the expressions of one object may have together; one that is no good counts its characters. Compiling
 * so many takes half a second, and hundreds of expressions that each are let in would take minutes.
 */
export const maxObjectProgramSize = 50_000

/** Why an expression is refused: alone, or because those before it in its object took all that there is. */
export type RegexFault =
  | { readonly kind: 'syntax'; readonly why: string }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'spent' }

/** What is left for the expressions of one object. */
export class RegexBudget {
  #left = maxObjectProgramSize

  /** Undefined when RE2 accepts the expression and it is small enough, alone and with those before it. */
  fault(regex: string): RegexFault | undefined {
    if (this.#left <= 0) return { kind: 'spent' }
    const { fault, cost } = judge(regex)
    this.#left -= cost
    return fault
  }
}

interface Verdict {
  readonly fault?: RegexFault | undefined
  /** What compiling it took, in instructions. */
  readonly cost: number
}

/** An object is compiled anew when what it refers to changes, with the same expressions. */
const verdicts = new Map<string, Verdict>()
const maxVerdicts = 2_000

function judge(regex: string): Verdict {
  const known = verdicts.get(regex)
  if (known !== undefined) return known
  const verdict = compile(regex)
  if (verdicts.size >= maxVerdicts) verdicts.clear()
  verdicts.set(regex, verdict)
  return verdict
}

function compile(regex: string): Verdict {
  const counts = Array.from(regex.matchAll(/\{(\d+)(?:,(\d*))?\}/g), ([, least = '', most = '']) =>
    Math.max(Number(least), Number(most)),
  )
  const largest = Math.max(1, ...counts)
  if (largest <= 1_000 && regex.length * largest > maxUnrolledChars)
    return { fault: { kind: 'too-large' }, cost: regex.length }
  try {
    const size = RE2JS.compile(regex).programSize()
    const why = foreignPart(regex)
    if (why !== undefined) return { fault: { kind: 'syntax', why }, cost: regex.length }
    return { fault: size > maxRegexProgramSize ? { kind: 'too-large' } : undefined, cost: Math.max(size, regex.length) }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { fault: { kind: 'syntax', why: message.replace(/^error parsing regexp: /, '') }, cost: regex.length }
  }
}
