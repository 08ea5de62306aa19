import type { ParseReason } from '../api/parse-problem.ts'
import type { ObjectRef } from '../lib/object-ref.ts'
import { compareNumbers, compareStrings } from '../lib/sorted.ts'

/** Why a file, or something in it, was not taken. */
export type DiagnosticReason = ParseReason | FileReason

/** What can be wrong with a file before its objects are looked at, and between files. */
export type FileReason =
  | 'NotFound'
  | 'Unreadable'
  | 'FileTooLarge'
  | 'NotUtf8'
  | 'InvalidYaml'
  | 'MoreProblems'
  | 'DuplicateObject'
  | 'CannotWatch'

/** Something in the files that the user should know, at its place. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning'
  /** As it was given on the command line, or below that. */
  readonly file: string
  /** 1 for the first line. */
  readonly line: number
  /** 1 for the first character, in UTF-16 code units. */
  readonly column: number
  readonly object?: ObjectRef | undefined
  readonly field?: string | undefined
  readonly reason: DiagnosticReason
  readonly message: string
  /** What to do about it. */
  readonly remedy?: string | undefined
}

/** Orders diagnostics by file, then place. */
export function compareDiagnostics(a: Omit<Diagnostic, 'reason'>, b: Omit<Diagnostic, 'reason'>): number {
  return (
    compareStrings(a.file, b.file) ||
    compareNumbers(a.line, b.line) ||
    compareNumbers(a.column, b.column) ||
    compareStrings(a.message, b.message)
  )
}

/** `file:line:column: severity: field: message; remedy`, the form that editors and CI systems turn into links. */
export function formatDiagnostic(diagnostic: Omit<Diagnostic, 'reason'>): string {
  const { file, line, column, severity, field, message, remedy } = diagnostic
  const where = field === undefined || field === '' ? '' : `${field}: `
  const advice = remedy === undefined ? '' : `; ${remedy}`
  return `${file}:${line}:${column}: ${severity}: ${where}${message}${advice}`
}
