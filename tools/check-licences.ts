/**
 * Fails when a package below node_modules has a licence outside of the allow list. What a user installs is held to the
 * shorter list; what only builds and tests use may have the longer one.
 *
 *   node tools/check-licences.ts
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const allowedAtRuntime = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  // The licence of Python itself: permissive.
  'PSF-2.0',
  'Python-2.0',
  // Public domain.
  'Unlicense',
])
/** Weak copyleft and documentation licences: fine for a tool that is not handed on. */
const allowedInDevelopment = new Set([...allowedAtRuntime, 'CC-BY-4.0', 'CC0-1.0', 'MPL-2.0'])

/** Packages whose licence field is missing or not an SPDX expression, with what their licence file says. */
const readByHand: Readonly<Record<string, string>> = {}

/** The part of an entry of package-lock.json that is needed here. */
export interface LockEntry {
  readonly dev?: boolean | undefined
  readonly optional?: boolean | undefined
}

/** An SPDX expression holds when one side of each OR, and both sides of each AND, are allowed. */
export function isAllowed(expression: string, allowed: ReadonlySet<string>): boolean {
  const text = expression.trim().replace(/^\((.*)\)$/, '$1')
  if (text.includes(' OR ')) return text.split(' OR ').some((side) => isAllowed(side, allowed))
  if (text.includes(' AND ')) return text.split(' AND ').every((side) => isAllowed(side, allowed))
  return allowed.has(text)
}

/**
 * What is wrong, one line each. `licenceOf` gives the licence field of an installed package by its path in the lock,
 * undefined when it is not installed.
 */
export function checkLicences(
  packages: Readonly<Record<string, LockEntry>>,
  licenceOf: (path: string) => string | undefined,
): readonly string[] {
  return Object.entries(packages).flatMap(([path, entry]) => {
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
    const licence = readByHand[name] ?? licenceOf(path)
    if (path === '' || licence === undefined) return []
    if (isAllowed(licence, entry.dev ? allowedInDevelopment : allowedAtRuntime)) return []
    const use = entry.dev ? 'in development' : 'at run time'
    return [
      `${name}: licence ${licence || 'not stated'} is not allowed ${use}; take another package or read it by hand`,
    ]
  })
}

function licenceField(manifestFile: string): string | undefined {
  let manifest: { readonly license?: unknown; readonly licenses?: unknown }
  try {
    manifest = JSON.parse(readFileSync(manifestFile, 'utf8'))
  } catch {
    return undefined // Not installed here: an optional package of another platform.
  }
  if (typeof manifest.license === 'string') return manifest.license
  const [first] = Array.isArray(manifest.licenses) ? manifest.licenses : [manifest.license]
  return typeof first?.type === 'string' ? first.type : ''
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..')
  const lock: { readonly packages: Readonly<Record<string, LockEntry>> } = JSON.parse(
    readFileSync(join(root, 'package-lock.json'), 'utf8'),
  )
  const problems = checkLicences(lock.packages, (path) => licenceField(join(root, path, 'package.json')))
  for (const problem of problems) process.stdout.write(`${problem}\n`)
  if (problems.length > 0) process.exitCode = 1
}
