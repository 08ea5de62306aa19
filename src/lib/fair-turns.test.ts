import { describe, expect, test } from 'vitest'
import { FairTurns } from './fair-turns.ts'

const options = { concurrent: 1, waitingEach: 3, waitingAll: 5 }

/** Takes a turn for each letter, in order, and returns in which order they come. */
async function order(askers: string, turns: FairTurns): Promise<string> {
  let served = ''
  await turns.take('before')
  const all = [...askers].map(async (asker) => {
    if (!(await turns.take(asker))) return
    served += asker
    turns.give()
  })
  turns.give()
  await Promise.all(all)
  return served
}

describe('FairTurns', () => {
  test('gives one turn to each asker before any gets a second', async () => {
    expect(await order('aaabc', new FairTurns(options))).toBe('abcaa')
  })

  test('refuses those of one asker beyond its bound, and lets others in', async () => {
    expect(await order('aaaaaab', new FairTurns(options))).toBe('abaa')
  })

  test('refuses everybody beyond the bound of all', async () => {
    expect(await order('abcdefg', new FairTurns(options))).toBe('abcde')
  })

  test('gives a turn at once while some are free', async () => {
    const turns = new FairTurns({ ...options, concurrent: 2 })
    expect(await Promise.all([turns.take('a'), turns.take('a')])).toEqual([true, true])
    turns.give()
    expect(await turns.take('a')).toBe(true)
  })
})
