/** Applies set after set; what fails is made small and written to a file that says how to run it again. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { must } from '../src/lib/assert.ts'
import { describeFinding, type Finding, type ObjectSet } from './finding.ts'
import { type History, minimise } from './minimise.ts'
import type { SetMaker } from './object-set.ts'
import type { Tamper } from './proxy.ts'
import { FuzzRig, type PlatformName } from './rig.ts'

export interface RunOptions {
  readonly maker: Pick<SetMaker, 'make'>
  readonly platform: PlatformName
  /** Where failing sets go. */
  readonly folder: string
  /** Tries to make a failing history smaller. Default: 300. */
  readonly maxTries?: number | undefined
  readonly tamper?: Tamper | undefined
  say(line: string): void
}

export interface RunResult {
  readonly sets: number
  readonly setsPerMinute: number
  /** Objects that were let in, and those that parsing refused. */
  readonly entered: number
  readonly refused: number
  readonly slowest: { readonly id: string; readonly ms: number }
  /** One for each different finding: what, where it is written and how it is run again. */
  readonly findings: readonly string[]
}

/** What a failing file holds. */
interface Failure {
  readonly platform: PlatformName
  readonly findings: readonly string[]
  readonly history: History
}

const reportEveryMs = 10_000
/** Sets before a failing one that may have had a part in it. */
const rememberedSets = 20
/** After so many sets nothing of them may be left. */
const clearEvery = 50

/** One Envoy for all sets, unless one hurts it. Start it first and stop it at last. */
export class FuzzRun {
  readonly #options: RunOptions
  readonly #findings = new Map<string, string>()
  #rig: FuzzRig | undefined
  #isEnding = false
  #recent: ObjectSet[] = []
  #busyMs = 0
  readonly #counts = { sets: 0, entered: 0, refused: 0 }
  #slowest = { id: 'none', ms: 0 }

  constructor(options: RunOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    this.#rig = await FuzzRig.start(this.#options.platform, { tamper: this.#options.tamper })
  }

  async stop(): Promise<void> {
    await this.#rig?.stop()
    this.#rig = undefined
  }

  /** Lets `go` return after the set that it is at. */
  end(): void {
    this.#isEnding = true
  }

  /** What came of everything so far. */
  get result(): RunResult {
    const setsPerMinute = Math.round((this.#counts.sets / this.#busyMs) * 60_000)
    return { ...this.#counts, setsPerMinute, slowest: this.#slowest, findings: [...this.#findings.values()] }
  }

  /** Applies the sets from one index on, until there were so many or the time is over. Returns the new findings. */
  async go(from: number, sets: number, minutes = Number.POSITIVE_INFINITY): Promise<readonly string[]> {
    const known = this.#findings.size
    const startedMs = performance.now()
    const busyBeforeMs = this.#busyMs
    let toldMs = startedMs
    for (let index = from; index < from + sets && !this.#isEnding; index++) {
      await this.#one(this.#options.maker.make(index))
      const nowMs = performance.now()
      this.#busyMs = busyBeforeMs + nowMs - startedMs
      if (nowMs > startedMs + minutes * 60_000) break
      if (nowMs < toldMs + reportEveryMs) continue
      toldMs = nowMs
      this.#tell()
    }
    return this.result.findings.slice(known)
  }

  #tell(): void {
    const { sets, setsPerMinute, findings } = this.result
    const { envoy = 0, self = 0 } = this.#rig?.memory ?? {}
    this.#options.say(
      `${sets} sets, ${setsPerMinute} a minute, ${findings.length} findings; Envoy ${envoy} MiB, this ${self} MiB`,
    )
  }

  async #one(set: ObjectSet): Promise<void> {
    if (this.#rig === undefined) await this.start()
    const rig = must(this.#rig, 'a rig that was started is there')
    const { findings, entered, refused, ms } = await rig.apply(set)
    this.#counts.sets += 1
    this.#counts.entered += entered
    this.#counts.refused += refused
    if (ms > this.#slowest.ms) this.#slowest = { id: set.id, ms: Math.round(ms) }
    this.#recent = [...this.#recent.slice(-rememberedSets), set]
    const left = findings.length === 0 && this.#counts.sets % clearEvery === 0 ? await rig.clear() : []
    await this.#look(set, [...findings, ...left], rig)
  }

  async #look(set: ObjectSet, findings: readonly Finding[], rig: FuzzRig): Promise<void> {
    const [first] = findings
    if (first === undefined) return
    const log = rig.log.slice(-1_000)
    // It may be hurt: what comes next is to be judged by itself.
    await this.stop()
    const signature = signatureOf(first)
    if (!this.#findings.has(signature)) {
      this.#options.say(`${set.id}: ${describeFinding(first)}\n${log}`)
      this.#findings.set(signature, await this.#write(set, findings))
    }
    this.#recent = []
  }

  async #write(set: ObjectSet, findings: readonly Finding[]): Promise<string> {
    const { platform, folder, maxTries = 300, say } = this.#options
    const trial = new Trial(this.#options, findings.map(signatureOf))
    try {
      const known = (await trial.fails([set])) ? [set] : this.#recent
      say('making it smaller')
      const history = await minimise(known, (candidate) => trial.fails(candidate), maxTries)
      const failure: Failure = { platform, findings: findings.map(describeFinding), history }
      mkdirSync(folder, { recursive: true })
      const file = join(folder, `${set.id.replace('/', '-')}.json`)
      writeFileSync(file, `${JSON.stringify(failure, undefined, 2)}\n`)
      const line = `${set.id}: ${failure.findings[0]}\n  run it again: npm run fuzz -- --replay ${file}`
      say(line)
      return line
    } finally {
      await trial.stop()
    }
  }
}

/** The kind of a finding and its words without what differs from set to set. */
function signatureOf({ kind, message }: Finding): string {
  return `${kind}: ${message.replaceAll(/\d+|"[^"]*"|(?<=\|)[^:]*/g, '').slice(0, 80)}`
}

/** Histories on a rig that is started anew whenever it was hurt. */
class Trial {
  readonly #options: Pick<RunOptions, 'platform' | 'tamper'>
  readonly #signatures: readonly string[]
  #rig: FuzzRig | undefined

  constructor(options: Pick<RunOptions, 'platform' | 'tamper'>, signatures: readonly string[]) {
    this.#options = options
    this.#signatures = signatures
  }

  /** Whether one of the findings comes again. */
  async fails(history: History): Promise<boolean> {
    this.#rig ??= await FuzzRig.start(this.#options.platform, { tamper: this.#options.tamper, historyEvery: 1 })
    const findings: Finding[] = []
    for (const set of history) findings.push(...(await this.#rig.apply(set)).findings)
    if (findings.length === 0) findings.push(...(await this.#rig.clear()))
    if (findings.length > 0) await this.stop()
    return findings.some((finding) => this.#signatures.includes(signatureOf(finding)))
  }

  async stop(): Promise<void> {
    await this.#rig?.stop()
    this.#rig = undefined
  }
}

/** Runs a failing file again. Returns what it found, one line each. */
export async function replay(file: string): Promise<readonly string[]> {
  const { platform, history } = parseFailure(readFileSync(file, 'utf8'))
  const rig = await FuzzRig.start(platform, { historyEvery: 1 })
  try {
    const lines: string[] = []
    for (const set of history) lines.push(...(await rig.apply(set)).findings.map(describeFinding))
    if (lines.length === 0) lines.push(...(await rig.clear()).map(describeFinding))
    return lines.length === 0 ? [] : [...lines, rig.log.slice(-2_000)]
  } finally {
    await rig.stop()
  }
}

/** The file is ours: only what somebody may have cut off is looked at. */
function parseFailure(text: string): Pick<Failure, 'platform' | 'history'> {
  const failure = JSON.parse(text) as Partial<Failure>
  if (failure.platform === undefined || !Array.isArray(failure.history)) throw new Error('this is no file of a finding')
  return { platform: failure.platform, history: failure.history }
}
