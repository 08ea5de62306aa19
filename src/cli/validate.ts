/** `fairlead validate`: everything wrong in files, each with file, line, column and what to do. */
import { formatDiagnostic } from '../watch/diagnostic.ts'
import { translateFiles } from './offline.ts'
import { findProblems } from './problems.ts'
import type { Terminal } from './terminal.ts'

export interface ValidateOptions {
  readonly files: readonly string[]
  readonly output: 'text' | 'json'
}

/** Exit code 1 when there is an error; warnings alone are 0. */
export function validate(options: ValidateOptions, terminal: Terminal): number {
  const translation = translateFiles(options.files)
  const findings = findProblems(translation)
  const errors = findings.filter(({ severity }) => severity === 'error').length
  if (options.output === 'json') {
    terminal.out(`${JSON.stringify(findings, undefined, 2)}\n`)
  } else {
    for (const finding of findings) {
      terminal.out(`${formatDiagnostic(finding)}\n`)
    }
    const warnings = findings.length - errors
    terminal.out(`${translation.objects.size} objects: ${count(errors, 'error')}, ${count(warnings, 'warning')}\n`)
  }
  return errors > 0 ? 1 : 0
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`
}
