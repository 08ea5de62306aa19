import type { LogLevel } from '../lib/logger.ts'

/** Format for `envoy --log-format`: level, logger and message on one line, the message escaped as in JSON. */
export const envoyLogFormat = '%l\t%n\t%j'

/** One line that Envoy wrote. */
export interface EnvoyLine {
  readonly level: Exclude<LogLevel, 'silent'>
  readonly logger: string
  readonly message: string
}

const levels: Readonly<Record<string, EnvoyLine['level']>> = {
  trace: 'trace',
  debug: 'debug',
  info: 'debug',
  warning: 'warn',
  error: 'error',
  critical: 'error',
}

/**
 * Lines that would alarm without reason: what they say is known here first, from the stream itself, and reported with
 * the object that caused it; or it follows from our own bootstrap.
 */
const expected: readonly RegExp[] = [
  /^DeltaAggregatedResources gRPC config (for|stream)/,
  /^gRPC config( for|:)/,
  /^delta config for/,
  /^caught (ENVOY_)?SIGTERM|closing and flushing|shutting down/i,
  /^there is no configured limit to the number of allowed active downstream connections/,
  /^listener .* failed to bind or apply socket options/,
  /\brejected: /,
]

/** A line as it shall be logged. Envoy's `info` is detail to us, so it becomes `debug`; expected lines do as well. */
export function parseEnvoyLine(line: string): EnvoyLine {
  const [level = '', logger = '', ...rest] = line.split('\t')
  const mapped = Object.hasOwn(levels, level) ? levels[level] : undefined
  // Not in our format: written before logging was set up, or by a crash. Nothing else would say it.
  if (mapped === undefined || rest.length === 0) return { level: 'warn', logger: 'stderr', message: line }
  const message = unescapeJson(rest.join('\t'))
  return { level: expected.some((pattern) => pattern.test(message)) ? 'debug' : mapped, logger, message }
}

function unescapeJson(text: string): string {
  try {
    const message: unknown = JSON.parse(`"${text}"`)
    return typeof message === 'string' ? message : text
  } catch {
    return text // Cut short by a crash: shown as it came.
  }
}
