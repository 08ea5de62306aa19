import { describe, expect, test } from 'vitest'
import { createLogger, type LogLevel, prettySink, silentLogger } from './logger.ts'

/** A sink and what was written to it. */
function lines() {
  const written: string[] = []
  return { written, sink: { write: (line: string) => void written.push(line) } }
}

function jsonLogger(level: LogLevel = 'info') {
  const { written, sink } = lines()
  const logger = createLogger({ level, format: 'json', sink })
  return { logger, events: () => written.map((line): Record<string, unknown> => JSON.parse(line)) }
}

describe('createLogger', () => {
  test('an event is one line with level, component, message and fields', () => {
    const { logger, events } = jsonLogger()
    logger.child({ component: 'xds' }).info({ node: 'a', epoch: 7 }, 'stream opened')
    expect(events()).toEqual([
      { level: 'info', time: expect.any(String), component: 'xds', node: 'a', epoch: 7, msg: 'stream opened' },
    ])
  })

  test('events below the level are not written', () => {
    const { logger, events } = jsonLogger('warn')
    logger.info('quiet')
    logger.warn('loud')
    expect(events().map(({ msg }) => msg)).toEqual(['loud'])
  })

  test.each([
    { token: 'abc' },
    { secret: { privateKey: 'abc' } },
    { secret: { data: { 'tls.key': 'abc' } } },
    { request: { headers: { authorization: 'Bearer abc' } } },
    { tls: { privateKeyPem: 'abc' } },
  ])('key material in %j is not written', (fields) => {
    const { logger, events } = jsonLogger()
    logger.info(fields, 'seen')
    expect(JSON.stringify(events())).not.toContain('abc')
    expect(JSON.stringify(events())).toContain('[redacted]')
  })

  test('the key of a graph row is written', () => {
    const { logger, events } = jsonLogger()
    logger.error({ key: 'shop/orders' }, 'transform threw')
    expect(events()[0]).toMatchObject({ key: 'shop/orders' })
  })

  test('silent writes nothing', () => {
    expect(silentLogger().isLevelEnabled('fatal')).toBe(false)
  })
})

describe('prettySink', () => {
  const pretty = (fields: object, colour = false) => {
    const { written, sink } = lines()
    prettySink(sink, colour).write(
      `${JSON.stringify({ level: 'warn', time: '2026-01-02T03:04:05.678Z', ...fields })}\n`,
    )
    return written.join('')
  }

  test('an event is time, level, component, message and fields', () => {
    expect(pretty({ component: 'watch', msg: 'file refused', line: 3, file: 'a b.yaml', problems: ['x'] })).toBe(
      '03:04:05.678 warn  watch file refused line=3 file="a b.yaml" problems=["x"]\n',
    )
  })

  test('an error is its message', () => {
    expect(pretty({ msg: 'failed', err: { type: 'Error', message: 'no route', stack: 'at x' } })).toBe(
      '03:04:05.678 warn  failed err="no route"\n',
    )
  })

  test('colour is only in the escapes', () => {
    const escapeCode = String.fromCharCode(27)
    const plain = pretty({ component: 'a', msg: 'b', c: 1 }, true).split(new RegExp(`${escapeCode}\\[\\d+m`))
    expect(plain.length).toBeGreaterThan(1)
    expect(plain.join('')).toBe(pretty({ component: 'a', msg: 'b', c: 1 }))
  })

  test.each(['not json\n', '[]x\n'])('%j passes as it is', (line) => {
    const { written, sink } = lines()
    prettySink(sink, true).write(line)
    expect(written).toEqual([line])
  })
})
