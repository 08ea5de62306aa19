/** The npm packages that run in the image, out of node_modules as package-lock.json has it. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TarFile } from './tar.ts'

/** Fields of an entry of `packages` in package-lock.json. */
interface LockEntry {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

type Lock = Readonly<Record<string, LockEntry>>

/**
 * Not in the image, nor what only they need. Node has a place of its own there. The client library is loaded for
 * kubeconfigs that start a program to log in, and no such program is in the image; it is half of all packages.
 */
const leftOut: ReadonlySet<string> = new Set(['node', '@kubernetes/client-node'])

const licence = /^(licen[cs]e|notice|copying)/i
/** Types, source maps and prose: half of all files. Node strips no types below node_modules, so no .ts there ever runs. */
const unused = /\.([mc]?ts|map|md|markdown|flow)$/i

/** Every file of every package that is needed in the image, below `node_modules/`. */
export function productionPackages(root: string): readonly TarFile[] {
  const lock: { readonly packages: Lock } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  return reachablePackages(lock.packages, leftOut).flatMap((path) => filesOfPackage(root, path))
}

/** Paths of the packages that the root needs in production, without those named and what only they need. */
export function reachablePackages(packages: Lock, without: ReadonlySet<string>): readonly string[] {
  const reached = new Set<string>()
  const follow = (path: string): void => {
    const { dependencies, optionalDependencies, peerDependencies } = packages[path] ?? {}
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      const found = without.has(name) ? undefined : resolvePackage(packages, path, name)
      if (found === undefined || reached.has(found)) continue
      reached.add(found)
      follow(found)
    }
  }
  follow('')
  return [...reached]
}

/** As Node looks for it: beside the package that asks, then one folder up at a time. */
function resolvePackage(packages: Lock, from: string, name: string): string | undefined {
  const path = from === '' ? `node_modules/${name}` : `${from}/node_modules/${name}`
  if (Object.hasOwn(packages, path)) return path
  return from === ''
    ? undefined
    : resolvePackage(packages, from.slice(0, Math.max(0, from.lastIndexOf('/node_modules/'))), name)
}

/** A package that is in the lock and not installed is an optional one of another platform. */
function filesOfPackage(root: string, path: string): readonly TarFile[] {
  try {
    return filesBelow(root, path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}

/** Without packages nested in it: they have entries of their own. */
function filesBelow(root: string, folder: string): readonly TarFile[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry): readonly TarFile[] => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : filesBelow(root, path)
    if (!entry.isFile() || (unused.test(entry.name) && !licence.test(entry.name))) return []
    return [{ path, content: join(root, path) }]
  })
}
