/** Images of one program each, kept beside the program that they hold. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { writeImage } from '../../tools/image/oci.ts'
import { ensurePrograms, type ProgramSet } from './programs.ts'

interface ProgramImage {
  readonly set: ProgramSet
  readonly program: string
  readonly user?: string
}

/** By reference. The conformance suite names both versions of echo-basic; the program is the same. */
const programImages: Readonly<Record<string, ProgramImage>> = {
  'fairlead.dev/e2e/pause:1': { set: 'node', program: 'pause' },
  // Root, to listen on port 53.
  'fairlead.dev/e2e/coredns:1': { set: 'node', program: 'coredns', user: '0:0' },
  'registry.k8s.io/gateway-api/conformance/echo-basic:v0.1.0': { set: 'echo', program: 'echo-basic' },
  'registry.k8s.io/gateway-api/conformance/echo-basic:v0.2.0': { set: 'echo', program: 'echo-basic' },
}

/** Images that every bare cluster needs to run at all. */
export const clusterImages = ['fairlead.dev/e2e/pause:1', 'fairlead.dev/e2e/coredns:1']
/** Images of the backends of tests. */
export const backendImages = Object.keys(programImages).filter((reference) => reference.includes('echo-basic'))

/** The tar file of an image, which is written where it is missing. */
export async function ensureImage(reference: string): Promise<string> {
  const image = programImages[reference]
  if (image === undefined) throw new Error(`${reference} is no image of ours`)
  const folder = await ensurePrograms(image.set)
  const file = join(folder, `${reference.replaceAll(/[/:]/g, '_')}.tar`)
  if (existsSync(file)) return file
  const files = [{ path: image.program, content: join(folder, image.program), mode: 0o755 }]
  writeImage({ reference, files, entrypoint: [`/${image.program}`], user: image.user }, file)
  return file
}
