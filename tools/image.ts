/**
 * Writes the container images that a cluster runs, without Docker: <name>.tar, an OCI image layout each.
 *
 *   npm run image -- --out FOLDER [--only fairlead|envoy] [--rootfs]
 *   ctr -n k8s.io images import FOLDER/fairlead.tar
 *
 * With --rootfs the files of each image go into the folder FOLDER/<name> instead.
 */
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { envoyImage, fairleadImage } from './image/images.ts'
import { type Image, writeImage } from './image/oci.ts'
import { writeRootfs } from './image/rootfs.ts'

const images: Readonly<Record<string, () => Image>> = {
  fairlead: fairleadImage,
  envoy: () => envoyImage(process.env.FAIRLEAD_ENVOY ?? 'envoy'),
}

interface Flags {
  readonly out?: string | undefined
  readonly only?: string | undefined
  readonly rootfs?: boolean | undefined
}

/** Writes the images named into the folder and says what they are. */
function main({ out, only, rootfs }: Flags): number {
  const isKnown = only === undefined || Object.hasOwn(images, only)
  if (out === undefined || !isKnown) {
    process.stderr.write(`usage: npm run image -- --out FOLDER [--only ${Object.keys(images).join('|')}] [--rootfs]\n`)
    return 2
  }
  mkdirSync(out, { recursive: true })
  for (const [name, make] of Object.entries(images)) {
    if (only !== undefined && only !== name) continue
    if (rootfs === true) writeRootfs(make().files, join(out, name))
    else writeTar(make(), join(resolve(out), `${name}.tar`))
  }
  return 0
}

function writeTar(image: Image, file: string): void {
  const startedAt = performance.now()
  const { digest, bytes } = writeImage(image, file)
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  process.stdout.write(`${file}: ${image.reference}, ${(bytes / 1e6).toFixed(0)} MB, ${seconds} s, ${digest}\n`)
}

const { values } = parseArgs({
  options: { out: { type: 'string' }, only: { type: 'string' }, rootfs: { type: 'boolean' } },
})
process.exitCode = main(values)
