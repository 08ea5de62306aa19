import { spawn } from 'node:child_process'

/** How a command is run. */
export interface CommandOptions {
  readonly cwd?: string | undefined
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>> | undefined
  /** Written to its standard input. */
  readonly input?: string | undefined
  /** True: it prints to this terminal and the answer is empty. */
  readonly isLoud?: boolean | undefined
}

/** Runs a program to its end and returns what it printed on standard output. Throws with all that it printed. */
export async function run(program: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const result = await attempt(program, args, options)
  if (result.code === 0) return result.stdout
  const printed = `${result.stdout}${result.stderr}`.trimEnd().split('\n').slice(-25).join('\n')
  throw new Error(`${[program, ...args].join(' ').slice(0, 300)} ended with status ${result.code}\n${printed}`)
}

/** What a program that ran to its end left. */
export interface CommandResult {
  /** 127 when the program does not exist, 128 when a signal ended it. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end, whatever that is. */
export function attempt(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const output = options.isLoud === true ? 'inherit' : 'pipe'
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: [options.input === undefined ? 'ignore' : 'pipe', output, output],
    })
    let stdout = ''
    let stderr = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') resolve({ code: 127, stdout: '', stderr: `${program}: not found` })
      else reject(error)
    })
    child.on('close', (code) => resolve({ code: code ?? 128, stdout, stderr }))
    child.stdin?.on('error', () => {
      // The program ended without reading all of it; its status tells.
    })
    child.stdin?.end(options.input)
  })
}

/** Asks every 100 ms until the answer is true. Throws with `what` when `seconds` have passed. */
export async function waitFor(what: string, seconds: number, isSo: () => Promise<boolean>): Promise<void> {
  const giveUpAt = Date.now() + seconds * 1000
  while (!(await isSo())) {
    if (Date.now() > giveUpAt) throw new Error(`waited ${seconds} s in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
