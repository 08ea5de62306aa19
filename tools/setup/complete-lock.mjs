// Adds to package-lock.json the entries of optional packages of other platforms that the registry in use did not list
// when the lock was written; `npm ci` refuses a lock without them. Run it after a change of the dependencies.
//
//   node tools/setup/complete-lock.mjs [FILE]
import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const systems = new Set([
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
])
const processors = new Set([
  'arm',
  'arm64',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  's390x',
  'riscv64',
  'wasm32',
  'x64',
])

/** The lock with every optional dependency of exact version present. Platform fields follow from the package's name. */
export function completeLock(lock) {
  const packages = { ...lock.packages }
  for (const [path, entry] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const isExact = /^\d+\.\d+\.\d+[^ ]*$/.test(version)
      const isThere = packages[`node_modules/${name}`] ?? packages[`${path}/node_modules/${name}`]
      if (isExact && isThere === undefined) packages[`node_modules/${name}`] = entryOf(name, version, entry.dev)
    }
  }
  const sorted = Object.keys(packages).sort((a, b) => (a < b ? -1 : 1))
  return { ...lock, packages: Object.fromEntries(sorted.map((path) => [path, packages[path]])) }
}

function entryOf(name, version, dev) {
  const words = name.split('/').at(-1).split('-')
  const cpu = words.filter((word) => processors.has(word))
  const os = words.filter((word) => systems.has(word))
  const libc = words.includes('musl') ? ['musl'] : words.includes('gnu') ? ['glibc'] : []
  return {
    version,
    ...(cpu.length > 0 && { cpu }),
    ...(dev && { dev }),
    ...(libc.length > 0 && { libc }),
    optional: true,
    ...(os.length > 0 && { os }),
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const file = process.argv[2] ?? 'package-lock.json'
  const lock = JSON.parse(readFileSync(file, 'utf8'))
  const complete = completeLock(lock)
  writeFileSync(file, `${JSON.stringify(complete, null, 2)}\n`)
  const added = Object.keys(complete.packages).length - Object.keys(lock.packages).length
  process.stdout.write(`${file}: ${added} entries added\n`)
}
