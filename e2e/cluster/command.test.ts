import { describe, expect, test } from 'vitest'
import { attempt, run, waitFor } from './command.ts'

describe('run', () => {
  test('it returns what the program prints, given its input', async () => {
    expect(await run('cat', [], { input: 'text' })).toBe('text')
  })

  test('a failure tells the command, the status and what was printed', async () => {
    const failing = run('sh', ['-c', 'echo reason >&2; exit 3'])
    await expect(failing).rejects.toThrow(/^sh -c .* ended with status 3\nreason$/)
  })

  test('a program that does not read its input is no failure', async () => {
    expect(await run('true', [], { input: 'x'.repeat(1_000_000) })).toBe('')
  })
})

test('attempt says 127 of a program that is not there', async () => {
  expect((await attempt('/no/such/program', [])).code).toBe(127)
})

test('waitFor gives up and says for what it waited', async () => {
  await expect(waitFor('a miracle', 0, async () => false)).rejects.toThrow('waited 0 s in vain: a miracle')
})
