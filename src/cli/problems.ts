/** Conditions and notices -> diagnostics at the place of the field, as `validate` and `up` print them. */
import { compareDiagnostics, type Diagnostic, type DiagnosticReason } from '../watch/diagnostic.ts'
import type { OfflineTranslation } from './offline.ts'

/** A diagnostic of any origin: the reason is that of a condition where one said it. */
export type Finding = Omit<Diagnostic, 'reason'> & { readonly reason: DiagnosticReason | (string & {}) }

interface ReportedCondition {
  readonly type: string
  readonly status: string
  readonly reason: string
  readonly message: string
}

/** Conditions that are good when False. */
const goodWhenFalse: ReadonlySet<string> = new Set(['Conflicted', 'PartiallyInvalid', 'fairlead.dev/Refused'])
/** Follow from others, or from what runs. */
const derived: ReadonlySet<string> = new Set(['Programmed'])

/** Everything wrong in the files and in what they mean, by file and place; each said once. */
export function findProblems(
  translation: Pick<OfflineTranslation, 'outputs' | 'objects' | 'diagnostics'>,
): readonly Finding[] {
  const { outputs, diagnostics } = translation
  const findings: Finding[] = [...diagnostics]
  for (const [key, { status }] of outputs.statuses.entries()) {
    for (const { type, reason, message } of badConditions(status)) {
      if (!derived.has(type) && reason !== 'ListenersNotValid') {
        findings.push(
          ...message.split('\n').map((line) => locate(translation, { key, reason, line, severity: 'error' })),
        )
      }
    }
  }
  for (const [, { object, field, message }] of outputs.notices.entries()) {
    findings.push(
      locate(translation, { key: object, reason: 'Notice', line: `${field}: ${message}`, severity: 'warning' }),
    )
  }
  const unique = new Map(
    findings.map((finding) => [`${finding.file}:${finding.line}:${finding.column}:${finding.message}`, finding]),
  )
  return [...unique.values()].sort(compareDiagnostics)
}

/** Conditions that are not as they should be, at any depth: of the object, its listeners, its parents. */
function badConditions(status: unknown): readonly ReportedCondition[] {
  if (Array.isArray(status)) {
    return status.flatMap(badConditions)
  }
  if (typeof status !== 'object' || status === null) {
    return []
  }
  if (isCondition(status)) {
    const isBad = status.status !== (goodWhenFalse.has(status.type) ? 'False' : 'True')
    return isBad ? [status] : []
  }
  return Object.values(status).flatMap(badConditions)
}

function isCondition(value: object): value is ReportedCondition {
  return 'type' in value && 'status' in value && 'reason' in value && 'message' in value
}

/** A line of a condition is `<field>: <message>` or a message about the whole object. */
function locate(
  { objects }: Pick<OfflineTranslation, 'objects'>,
  found: {
    readonly key: string
    readonly reason: string
    readonly line: string
    readonly severity: Diagnostic['severity']
  },
): Finding {
  const { field = '', message = found.line } =
    /^(?:Dropped Rule: )?(?<field>(?:spec|metadata|addressType)[\w.[\]]*): (?<message>.*)$/.exec(found.line)?.groups ??
    {}
  const sourced = objects.get(found.key)
  const { line, column } = sourced?.position(field) ?? { line: 1, column: 1 }
  return {
    severity: found.severity,
    file: sourced?.file ?? found.key,
    line,
    column,
    object: sourced?.ref,
    field,
    reason: found.reason,
    message,
  }
}
