/** `fairlead validate`: everything wrong with the files, at its place. */
import { listOf } from '../api/parse-problem.ts'
import { describeObject } from '../lib/object-ref.ts'
import { type Diagnostic, formatDiagnostic } from '../watch/diagnostic.ts'
import { findProblems } from './findings.ts'
import { exitCodes, type Terminal, type ValidateFlags } from './flags.ts'
import { type Translation, translateFiles } from './translation.ts'
import { junitReport } from './validate-junit.ts'
import { sarifLog } from './validate-sarif.ts'

/** What the command is called by. */
export interface ValidateContext {
  readonly version: string
  readonly controllerName: string
}

const formats = ['text', 'json', 'sarif', 'junit']

/** Prints the problems. The exit code is 1 when one of them is an error. */
export function runValidate(flags: ValidateFlags, terminal: Terminal, context: ValidateContext): number {
  if (!formats.includes(flags.output)) {
    terminal.err(`--output: "${flags.output}" is unknown; use ${listOf(formats)}\n`)
    return exitCodes.usage
  }
  const translation = translateFiles(flags.file, context.controllerName)
  const problems = findProblems(translation)
  terminal.out(print(flags.output, problems, translation, context.version))
  const errors = problems.filter(({ severity }) => severity === 'error').length
  if (flags.output === 'text') {
    terminal.err(`${count(translation.objects.size, 'object')}, ${summary(errors, problems.length - errors)}\n`)
  }
  return errors > 0 ? exitCodes.failed : exitCodes.ok
}

function print(format: string, problems: readonly Diagnostic[], translation: Translation, version: string): string {
  switch (format) {
    case 'json':
      return `${JSON.stringify(problems.map(toItem), undefined, 2)}\n`
    case 'sarif':
      return `${JSON.stringify(sarifLog(problems, version), undefined, 2)}\n`
    case 'junit': {
      const objects = [...translation.objects.values()]
      return junitReport(
        objects.map(({ file, ref }) => ({ file, name: describeObject(ref) })),
        problems,
      )
    }
    default:
      return problems.map((problem) => `${formatDiagnostic(problem)}\n`).join('')
  }
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
