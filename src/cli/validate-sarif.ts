/**
 * Problems as a SARIF log, which code hosts show beside the lines.
 *
 * @see OASIS "Static Analysis Results Interchange Format (SARIF) Version 2.1.0"
 */
import { isAbsolute, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describeObject } from '../lib/object-ref.ts'
import { compareStrings } from '../lib/sorted.ts'
import type { Diagnostic } from '../watch/diagnostic.ts'

/** The log as a value for JSON. Its rules are the reasons that occur. */
export function sarifLog(problems: readonly Diagnostic[], version: string): unknown {
  const ids = [...new Set(problems.map(({ reason }) => reason as string))].sort(compareStrings)
  const rules = ids.map((id) => ({ id, shortDescription: { text: describeReason(id) } }))
  return {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'fairlead', semanticVersion: version, rules } },
        columnKind: 'utf16CodeUnits',
        results: problems.map((problem) => result(problem, ids)),
      },
    ],
  }
}

function result(problem: Diagnostic, ids: readonly string[]): unknown {
  const { severity, file, line, column, object, field, reason } = problem
  const name = object === undefined ? [] : [describeObject(object)]
  const path = [...name, ...(field === undefined || field === '' ? [] : [field])].join(' ')
  return {
    ruleId: reason,
    ruleIndex: ids.indexOf(reason),
    level: severity,
    message: { text: sentence(problem) },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(file) },
          region: { startLine: line, startColumn: column },
        },
        ...(path === '' ? {} : { logicalLocations: [{ fullyQualifiedName: path }] }),
      },
    ],
  }
}

/** What is wrong and what to do, with the field in front. */
export function sentence({ field, message, remedy }: Diagnostic): string {
  const where = field === undefined || field === '' ? '' : `${field}: `
  return `${where}${message}${remedy === undefined ? '' : `; ${remedy}`}`
}

/** A path stays relative: whoever shows the log knows the root of the repository. */
function uriOf(file: string): string {
  if (isAbsolute(file)) return pathToFileURL(file).href
  return file.split(sep).map(encodeURIComponent).join('/')
}

/** `UnknownField` in words. */
function describeReason(reason: string): string {
  const words = reason.replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}
