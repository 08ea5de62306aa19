/** Builds the programs that a cluster is made of, once, from the Go modules pinned in `go/`. */
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { attempt, run } from './command.ts'

/** The Kubernetes of the bare provider; `go/kubernetes/go.mod` pins the same. */
export const kubernetesVersion = '1.36.3'

/** How the programs of a set are built; which they are says its tools.go. */
interface BuildFlags {
  readonly linkFlags?: string | undefined
  readonly tags?: string | undefined
}

const component = 'k8s.io/component-base/version'

const programSets = {
  kubernetes: {
    // Without them the server calls itself v0.0.0-master, which kubectl cannot parse.
    linkFlags: `-X ${component}.gitVersion=v${kubernetesVersion} -X ${component}.gitMajor=1 -X ${component}.gitMinor=36`,
  },
  node: { tags: 'no_btrfs no_zfs no_devmapper' },
  echo: {},
  etcd: {},
  helm: {},
} satisfies Readonly<Record<string, BuildFlags>>

/** A folder of `go/`: programs that are pinned and built together. */
export type ProgramSet = keyof typeof programSets

/** The folder of what tests build and keep: FAIRLEAD_CACHE, else the user's cache folder. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return join(env.FAIRLEAD_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'fairlead'), 'e2e')
}

/** The folder that holds the programs of a set, there or not: a change of versions or flags gives another one. */
export function programFolder(set: ProgramSet): string {
  const source = join(import.meta.dirname, 'go', set)
  const hash = createHash('sha256').update(JSON.stringify([programSets[set], process.arch]))
  for (const name of globSync('**/*.{mod,sum,go}', { cwd: source }).sort())
    hash.update(readFileSync(join(source, name)))
  return join(cacheFolder(), `${set}-${hash.digest('hex').slice(0, 12)}`)
}

/** The folder that holds the programs of a set, which are built where they are missing: minutes on two cores. */
export async function ensurePrograms(set: ProgramSet): Promise<string> {
  const folder = programFolder(set)
  if (existsSync(folder)) return folder
  const { linkFlags = '', tags = '' }: BuildFlags = programSets[set]
  const source = join(import.meta.dirname, 'go', set)
  await requireGo()
  mkdirSync(cacheFolder(), { recursive: true })
  const work = mkdtempSync(join(cacheFolder(), 'build-'))
  try {
    // Without -buildvcs=false Go asks git about this repository, which may belong to another user.
    const flags = ['-trimpath', '-buildvcs=false', `-ldflags=-s -w ${linkFlags}`, '-tags', tags, '-o', `${work}/`]
    const env = { ...goEnvironment, CGO_ENABLED: '0' }
    await run('go', ['build', ...flags, ...packagesOf(source)], { cwd: source, env })
    // Whole or not at all; when another run was faster, its folder is as good.
    if (!existsSync(folder)) renameSync(work, folder)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return folder
}

/** What the tools.go of a set imports. */
function packagesOf(source: string): readonly string[] {
  return [...readFileSync(join(source, 'tools.go'), 'utf8').matchAll(/^\t_ "(.+)"$/gm)].flatMap(
    ([, name]) => name ?? [],
  )
}

/** A Go that is older than a module wants gets the one that it wants. */
export const goEnvironment = { GOTOOLCHAIN: 'auto', GOFLAGS: '-mod=readonly' }

/** Throws with the remedy where there is no Go. */
export async function requireGo(): Promise<void> {
  const { code } = await attempt('go', ['version'])
  if (code !== 0) throw new Error('Go 1.26 or newer is needed to build the cluster: install it from https://go.dev/dl')
}
