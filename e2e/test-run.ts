/** Runs of vitest in a process of their own, in the network of a cluster or not. */
import { type ChildProcess, spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

/** A project of vitest.config.ts: tests with an API server alone, or tests in a cluster. */
export type Project = 'kube' | 'cluster'

/** How many tests ended how. */
export interface Counts {
  readonly passed: number
  readonly failed: number
}

const running = new Set<ChildProcess>()

/** True when a test file of the project has one of the words in its path, or when there are no words. */
export function hasTests(project: Project, words: readonly string[]): boolean {
  const folders = project === 'cluster' ? 'e2e' : '{src,tools,deploy}'
  const files = globSync(`${folders}/**/*.kube.test.ts`, { cwd: root })
  return files.some((file) => words.length === 0 || words.some((word) => file.includes(word)))
}

/** Runs the tests of a project whose path holds one of the words. A run that ends without counts has failed once. */
export function runTests(
  project: Project,
  words: readonly string[],
  environment: { readonly enter?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Counts> {
  if (!hasTests(project, words)) return Promise.resolve({ passed: 0, failed: 0 })
  const tests = join(root, 'tools', 'run-tests.ts')
  const command = [...(environment.enter ?? []), process.execPath, tests, `--project=${project}`, ...words]
  const [program = '', ...args] = command
  const env = { ...process.env, ...(process.stdout.isTTY && { FORCE_COLOR: '1' }), ...environment.env }
  const child = spawn(program, args, { cwd: root, stdio: ['inherit', 'pipe', 'inherit'], env })
  running.add(child)
  let tail = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    process.stdout.write(text)
    tail = (tail + text).slice(-500)
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', () => {
      running.delete(child)
      const [, passed = '0', failed = '1'] = /^(\d+) passed, (\d+) failed/m.exec(tail) ?? []
      resolve({ passed: Number(passed), failed: Number(failed) })
    })
  })
}

/** Ends the runs that are under way. */
export function stopTests(): void {
  for (const child of running) child.kill('SIGTERM')
}
