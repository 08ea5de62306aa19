/** The images that a cluster runs. */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Image } from './oci.ts'
import { productionPackages } from './packages.ts'
import { baseFiles, programFiles } from './shared-objects.ts'
import type { TarFile } from './tar.ts'

const root = join(import.meta.dirname, '..', '..')
const home = 'usr/lib/fairlead'
const authorities = '/etc/ssl/certs/ca-certificates.crt'
const envoyVersion = '1.40.0'

/**
 * The command `fairlead`, also for `kubectl exec`. A larger young generation would keep the garbage of the first
 * translation resident: 40 MiB at 5,000 hosts.
 */
const command = `#!/usr/bin/node --max-semi-space-size=4\nimport('/${home}/src/main.ts')\n`

/** The control plane: this very Node, the source as it stands here, the packages that it needs. Runs as 65532. */
export function fairleadImage(): Image {
  const application = ['package.json', 'LICENSE', 'NOTICE'].map((name) => ({ path: name, content: join(root, name) }))
  return {
    reference: `fairlead.dev/fairlead:${packageVersion()}`,
    files: [
      ...baseFiles,
      ...programFiles('usr/bin/node', process.execPath),
      { path: 'usr/bin/fairlead', content: Buffer.from(command), mode: 0o755 },
      ...[...application, ...sources('src'), ...productionPackages(root)].map((file) => ({
        ...file,
        path: `${home}/${file.path}`,
      })),
    ],
    entrypoint: ['/usr/bin/fairlead'],
    env: {
      PATH: '/usr/bin',
      // One heap of the C library for each thread costs 20 MiB and wins nothing for a program of one thread.
      MALLOC_ARENA_MAX: '2',
    },
    labels: { 'org.opencontainers.image.title': 'fairlead', 'org.opencontainers.image.licenses': 'Apache-2.0' },
  }
}

/** Envoy, under the reference of the official image, of which this is the same binary and as little around it. */
export function envoyImage(binary: string): Image {
  const version = execFileSync(binary, ['--version'], { encoding: 'utf8' })
  if (!version.includes(`/${envoyVersion}/`))
    throw new Error(`${binary} is not Envoy ${envoyVersion}: ${version.trim()}`)
  const trusted = existsSync(authorities) ? [{ path: authorities.slice(1), content: authorities }] : []
  return {
    reference: `docker.io/envoyproxy/envoy:distroless-v${envoyVersion}`,
    files: [...baseFiles, ...programFiles('usr/local/bin/envoy', binary), ...trusted],
    entrypoint: ['/usr/local/bin/envoy'],
    env: { PATH: '/usr/local/bin' },
  }
}

/** What runs: no tests, nothing that is for tests. */
function sources(folder: string): readonly TarFile[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry): readonly TarFile[] => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return path === 'src/testing' || path.endsWith('.golden') ? [] : sources(path)
    return /(\.test\.ts|\.d\.ts|\.md)$/.test(entry.name) ? [] : [{ path, content: join(root, path) }]
  })
}

function packageVersion(): string {
  const { version }: { readonly version: string } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return version
}
