/** Durations in fields of a route. */
import type { Problem } from '../../api/conditions.ts'
import { parseDuration } from '../../lib/duration.ts'
import { err, ok, type Result } from '../../lib/result.ts'
import { quote, unsupported } from './problems.ts'

/** Milliseconds of a GEP-2257 duration; undefined when the field is absent. */
export function parseDurationField(text: string | undefined, field: string): Result<number | undefined, Problem> {
  if (text === undefined) return ok(undefined)
  const parsed = parseDuration(text)
  return parsed.ok ? ok(parsed.value) : err(unsupported(field, `${quote(text)} is no duration: it ${parsed.error}`))
}
