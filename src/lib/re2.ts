/** RE2 syntax, as Envoy compiles it: checked before a proxy has to refuse it. */
import { RE2JS } from 're2js'

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

/** What is wrong with an expression; undefined when RE2 accepts it and it is small enough. */
export function regexProblem(regex: string): string | undefined {
  const counts = Array.from(regex.matchAll(/\{(\d+)(?:,(\d*))?\}/g), ([, least = '', most = '']) =>
    Math.max(Number(least), Number(most)),
  )
  const largest = Math.max(1, ...counts)
  if (largest <= 1_000 && regex.length * largest > maxUnrolledChars) return tooLarge
  try {
    return RE2JS.compile(regex).programSize() > maxRegexProgramSize ? tooLarge : undefined
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return message.replace(/^error parsing regexp: /, '')
  }
}

const tooLarge = 'it repeats too much'
