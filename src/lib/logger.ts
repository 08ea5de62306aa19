import { styleText } from 'node:util'
import { type Level, type Logger, pino } from 'pino'

export type { Logger } from 'pino'

/** Levels from most to least talkative; `silent` writes nothing. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
/** One of `logLevels`. */
export type LogLevel = (typeof logLevels)[number]

/** What is logged, in which form, and where to. */
export interface LoggerOptions {
  readonly level: LogLevel
  /** `json`: one object per line, for machines. `pretty`: one readable line per event, for a terminal. */
  readonly format: 'json' | 'pretty'
  /** Default: standard error, so that standard output stays free for what a command prints. */
  readonly sink?: LogSink | undefined
  /** Colour in `pretty`. Default: false. */
  readonly colour?: boolean | undefined
}

/** Where finished lines go. */
export interface LogSink {
  write(line: string): void
}

/** Fields that hold key material wherever they stand: at the top of an event or one or two levels below. */
const secretFields = ['privateKey', 'privateKeyPem', 'token', 'password', 'authorization', 'cookie', '["tls.key"]']
const redactPaths = secretFields.flatMap((field) => {
  const below = field.startsWith('[') ? field : `.${field}`
  return [field, `*${below}`, `*.*${below}`]
})

/**
 * The root logger of a process. Every component takes a child with its name: `logger.child({ component: 'xds' })`.
 * One event per line; the message is constant and the facts are fields.
 */
export function createLogger(options: LoggerOptions): Logger {
  const sink = options.sink ?? process.stderr
  const stream = options.format === 'pretty' ? prettySink(sink, options.colour ?? false) : sink
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: redactPaths, censor: '[redacted]' },
    },
    stream,
  )
}

/** A logger that writes nothing, for tests. */
export function silentLogger(): Logger {
  return createLogger({ level: 'silent', format: 'json', sink: { write: () => {} } })
}

/** Turns JSON lines of the logger into `12:00:01.123 warn xds message key=value`. A line that is no JSON passes. */
export function prettySink(sink: LogSink, colour: boolean): LogSink {
  return { write: (line) => sink.write(prettyLine(line, colour)) }
}

const levelColours = {
  trace: 'gray',
  debug: 'gray',
  info: 'green',
  warn: 'yellow',
  error: 'red',
  fatal: 'red',
} as const satisfies Record<Level, string>

function isLevel(text: string): text is Level {
  return Object.hasOwn(levelColours, text)
}

function prettyLine(line: string, colour: boolean): string {
  const event = parseObject(line)
  if (event === undefined) return line
  const { level, time, component, msg, ...fields } = event
  const paint = (format: Parameters<typeof styleText>[0], text: string) =>
    colour ? styleText(format, text, { validateStream: false }) : text
  const name = String(level)
  const head = [
    paint('gray', String(time).slice(11, 23)),
    paint(isLevel(name) ? levelColours[name] : 'gray', name.padEnd(5)),
    ...(component === undefined ? [] : [paint('cyan', String(component))]),
    String(msg ?? ''),
  ]
  const tail = Object.entries(fields).map(([key, value]) => `${paint('gray', `${key}=`)}${prettyValue(value)}`)
  return `${[...head, ...tail].join(' ')}\n`
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined // Not ours: written to the stream by someone else, and shown as it is.
  }
}

/** Bare when one word, quoted when not. An error is its message, and its causes in brackets. */
function prettyValue(value: unknown): string {
  if (typeof value === 'string') return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)
  if (typeof value === 'object' && value !== null && 'message' in value && 'stack' in value) {
    return JSON.stringify(value.message)
  }
  return JSON.stringify(value)
}
