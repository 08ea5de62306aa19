/** RE2 syntax, as Envoy compiles it: checked before a proxy has to refuse it. */
import { RE2JS } from 're2js'

/** What is wrong with an expression; undefined when RE2 accepts it. */
export function regexProblem(regex: string): string | undefined {
  try {
    RE2JS.compile(regex)
    return undefined
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return message.replace(/^error parsing regexp: /, '')
  }
}
