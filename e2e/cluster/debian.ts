import { existsSync } from 'node:fs'
import { attempt, run } from './command.ts'

/** A file that must be there, and the Debian and Ubuntu package that has it. */
export type PackagedFile = readonly [file: string, packageName: string]

/** The file of etcd, which an API server needs. */
export const etcdFile: PackagedFile = ['/usr/bin/etcd', 'etcd-server']

/** Installs the packages of the files that are missing and says so. Throws with the remedy where it cannot. */
export async function ensurePackages(files: readonly PackagedFile[], say: (text: string) => void): Promise<void> {
  const missing = files.filter(([file]) => !existsSync(file)).map(([, name]) => name)
  if (missing.length === 0) return
  const isDebian = (await attempt('apt-get', ['--version'])).code === 0
  if (!isDebian || process.getuid?.() !== 0) {
    throw new Error(`these Debian packages, or their like, are missing: as root, apt-get install ${missing.join(' ')}`)
  }
  say(`installing Debian packages: ${missing.join(' ')}`)
  const env = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  // Lists that cannot be fetched are no reason to fail: those that are there may do.
  await attempt('apt-get', ['update', '-q'], { env })
  await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...missing], { env })
}
