/** Fuzzes for a while and prints sets per minute; or runs one finding again. */
import { SetMaker } from './object-set.ts'
import { type FuzzOptions, parseOptions, usage } from './options.ts'
import { FuzzRun, replay } from './run.ts'

const options = readOptions()
if (options === 'help') process.stdout.write(`${usage}\n`)
else if (options.replay !== undefined) await again(options.replay)
else await fuzz(options)
process.exit()

function readOptions(): FuzzOptions | 'help' {
  try {
    return parseOptions(process.argv.slice(2), () => Math.floor(Math.random() * 2 ** 31))
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}\n`)
    process.exit(2)
  }
}

async function fuzz({ seed, from, sets: most, minutes, platform, folder }: FuzzOptions): Promise<void> {
  say(`seed ${seed}`)
  const run = new FuzzRun({ platform, folder, maker: new SetMaker(seed), say })
  await run.start()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => run.end())
  try {
    await run.go(from, most, minutes)
  } finally {
    await run.stop()
  }
  const { sets, setsPerMinute, entered, refused, slowest, findings } = run.result
  say(`${sets} sets, ${setsPerMinute} a minute; ${entered} objects were let in, ${refused} refused by parsing`)
  say(`slowest: set ${slowest.id} with ${slowest.ms} ms`)
  say(findings.length === 0 ? 'nothing was found' : `${findings.length} different findings:\n${findings.join('\n')}`)
  if (findings.length > 0) process.exitCode = 1
}

async function again(file: string): Promise<void> {
  const lines = await replay(file)
  say(lines.length === 0 ? 'nothing was found this time' : lines.join('\n'))
  if (lines.length > 0) process.exitCode = 1
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
