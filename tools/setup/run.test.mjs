import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { answerOf, capture, stopRunning } from './run.mjs'

/** A process that hands over to a Node running `code`, with its standard output. */
function handOver(code) {
  const run = JSON.stringify(join(import.meta.dirname, 'run.mjs'))
  const outer = `import { hand } from ${run}
process.exitCode = await hand(process.execPath, ['-e', ${JSON.stringify(code)}], process.env)`
  return spawn(process.execPath, ['--input-type=module', '-e', outer], { stdio: ['ignore', 'pipe', 'inherit'] })
}

describe('hand', () => {
  test('the exit code is that of the command', async () => {
    const [code] = await once(handOver('process.exit(7)'), 'exit')
    expect(code).toBe(7)
  })

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'])('%s reaches the command, whose end is waited for', async (signal) => {
    const child = handOver(
      `process.on('${signal}', () => process.exit(9)); setInterval(() => {}, 1000); console.log('up')`,
    )
    await once(child.stdout, 'data')
    child.kill(signal)
    const [code] = await once(child, 'exit')
    expect(code).toBe(9)
  })

  test('a command that dies of a signal ends as shells say it', async () => {
    const [code] = await once(handOver("process.kill(process.pid, 'SIGKILL')"), 'exit')
    expect(code).toBe(137)
  })
})

describe('capture', () => {
  test('both outputs and the exit code are kept', async () => {
    expect(await capture('sh', ['-c', 'echo a; echo b >&2; exit 3'])).toMatchObject({ code: 3, output: 'a\nb\n' })
  })

  test('a program that is not there has code 127', async () => {
    expect(await capture('no-such-program', [])).toMatchObject({ code: 127 })
  })
})

describe('stopRunning', () => {
  test.each(['sleep 60', "trap '' TERM; sleep 60 & wait; sleep 60"])(
    '%j ends with what it started',
    async (command) => {
      const running = capture('sh', ['-c', command])
      await stopRunning(50)
      expect(await running).toMatchObject({ code: 1 })
    },
  )
})

describe('answerOf', () => {
  test.each([
    ['echo v1', 'v1'],
    ['exit 1', undefined],
  ])('%s: %s', (command, answer) => {
    expect(answerOf('sh', ['-c', command])).toBe(answer)
  })
})
