/** Two thousand sets into one Envoy: `npm run fuzz` does more. FAIRLEAD_FUZZ_SEED names other sets. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SetMaker } from './object-set.ts'
import { FuzzRun } from './run.ts'

const seed = Number(process.env.FAIRLEAD_FUZZ_SEED ?? '1')
const setsPerTest = 100
const tests = 20

describe('random sets of objects', () => {
  const lines: string[] = []
  let run: FuzzRun

  beforeAll(async () => {
    const folder = join(import.meta.dirname, 'findings')
    const maker = new SetMaker(seed)
    run = new FuzzRun({ maker, platform: 'standalone', folder, say: (line) => lines.push(line) })
    await run.start()
  })

  afterAll(async () => {
    const { sets, setsPerMinute } = run.result
    process.stdout.write(`fuzz: seed ${seed}, ${sets} sets, ${setsPerMinute} a minute\n`)
    await run.stop()
  })

  const slices = Array.from({ length: tests }, (_, index) => ({ from: index * setsPerTest }))
  test.each(slices)('from $from on hurt neither proxy nor siblings', async ({ from }) => {
    expect(await run.go(from, setsPerTest), lines.join('\n')).toEqual([])
  })
})
