/** `fairlead validate`: everything wrong with the files, at its place. */
import { describeObject } from '../lib/object-ref.ts'
import { type Diagnostic, formatDiagnostic } from '../watch/diagnostic.ts'
import { findProblems } from './findings.ts'
import { exitCodes, type Terminal, type ValidateFlags } from './flags.ts'
import { translateFiles } from './translation.ts'

/** Prints one line for each problem. The exit code is 1 when one of them is an error. */
export function runValidate(flags: ValidateFlags, terminal: Terminal, controllerName: string): number {
  if (flags.output !== 'text' && flags.output !== 'json') {
    terminal.err(`--output: "${flags.output}" is unknown; use text or json\n`)
    return exitCodes.usage
  }
  const translation = translateFiles(flags.file, controllerName)
  const problems = findProblems(translation)
  const errors = problems.filter(({ severity }) => severity === 'error').length
  if (flags.output === 'json') {
    terminal.out(`${JSON.stringify(problems.map(toItem), undefined, 2)}\n`)
  } else {
    for (const problem of problems) terminal.out(`${formatDiagnostic(problem)}\n`)
    terminal.err(`${count(translation.objects.size, 'object')}, ${summary(errors, problems.length - errors)}\n`)
  }
  return errors > 0 ? exitCodes.failed : exitCodes.ok
}

/** A problem for machines: the object is named in words. */
function toItem({ object, ...rest }: Diagnostic): unknown {
  return { ...rest, ...(object === undefined ? {} : { object: describeObject(object) }) }
}

function summary(errors: number, warnings: number): string {
  if (errors === 0 && warnings === 0) return 'no problems'
  return [errors > 0 ? count(errors, 'error') : '', warnings > 0 ? count(warnings, 'warning') : '']
    .filter((part) => part !== '')
    .join(', ')
}

/** `1 object`, `2 objects`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
