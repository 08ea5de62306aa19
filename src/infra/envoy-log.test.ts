import { describe, expect, test } from 'vitest'
import { parseEnvoyLine } from './envoy-log.ts'

describe('parseEnvoyLine', () => {
  test.each([
    ['info\tmain\tstarting', { level: 'debug', logger: 'main', message: 'starting' }],
    ['warning\tmain\tlow on memory', { level: 'warn', logger: 'main', message: 'low on memory' }],
    ['critical\tmain\terror initializing', { level: 'error', logger: 'main', message: 'error initializing' }],
    ['error\tx\tsays \\"no\\"\\nand more', { level: 'error', logger: 'x', message: 'says "no"\nand more' }],
    ['error\tx\tcut \\', { level: 'error', logger: 'x', message: 'cut \\' }],
  ])('reads %j', (line, parsed) => expect(parseEnvoyLine(line)).toEqual(parsed))

  test('shows a line that is not in the format, since nothing else would say it', () => {
    const message = 'PARSE ERROR: Argument: --x'
    expect(parseEnvoyLine(message)).toEqual({ level: 'warn', logger: 'stderr', message })
  })

  test.each([
    'warning\tconfig\tDeltaAggregatedResources gRPC config for type.googleapis.com/x rejected: y',
    "warning\tupstream\tlds: listener 'a' config rejected: cannot bind '127.0.0.1:80': Address already in use",
    'warning\tmain\tcaught ENVOY_SIGTERM',
  ])('takes the alarm out of what is known from elsewhere: %j', (line) => {
    expect(parseEnvoyLine(line).level).toBe('debug')
  })
})
