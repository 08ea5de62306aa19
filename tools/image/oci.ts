/** Container images as OCI image layouts in one tar file, for `ctr images import`, `skopeo` or `docker load`. */
import { createHash } from 'node:crypto'
import { closeSync, openSync, renameSync, writeSync } from 'node:fs'
import { type Chunks, type TarFile, tarChunks } from './tar.ts'

/** What an image is made of: one layer, one configuration. */
export interface Image {
  /** Full reference with tag, e.g. `docker.io/envoyproxy/envoy:distroless-v1.40.0`. */
  readonly reference: string
  readonly files: readonly TarFile[]
  readonly entrypoint: readonly string[]
  /** Numeric, so that Kubernetes can check `runAsNonRoot`. Default: 65532:65532. */
  readonly user?: string | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly workingDir?: string | undefined
  readonly labels?: Readonly<Record<string, string>> | undefined
}

/** What was written. */
export interface WrittenImage {
  /** Of the manifest: the same for the same content. */
  readonly digest: string
  readonly bytes: number
}

interface Blob extends Chunks {
  readonly digest: string
}

const manifestType = 'application/vnd.oci.image.manifest.v1+json'
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

/** Writes the image to `outFile`, in one go: a half-written file never has that name. For the machine's own architecture. */
export function writeImage(image: Image, outFile: string): WrittenImage {
  const layer = blobOf(() => tarChunks(image.files))
  const config = jsonBlob(configOf(image, layer))
  const manifest = jsonBlob({
    schemaVersion: 2,
    mediaType: manifestType,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: config.digest, size: config.size },
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: layer.digest, size: layer.size }],
  })
  const draft = `${outFile}.${process.pid}`
  const bytes = writeChunks(draft, tarChunks(layoutOf(indexOf(image, manifest), [config, layer, manifest])))
  renameSync(draft, outFile)
  return { digest: manifest.digest, bytes }
}

/** `config` of the image: OCI image specification 1.1 "Image Configuration". */
function configOf(image: Image, layer: Blob): unknown {
  const env = Object.entries(image.env ?? {}).map(([name, value]) => `${name}=${value}`)
  return {
    architecture: architectures[process.arch] ?? process.arch,
    os: 'linux',
    created: '1970-01-01T00:00:00Z',
    config: {
      User: image.user ?? '65532:65532',
      Entrypoint: image.entrypoint,
      Env: env,
      WorkingDir: image.workingDir ?? '/',
      Labels: image.labels ?? {},
    },
    rootfs: { type: 'layers', diff_ids: [layer.digest] },
    history: [{ created: '1970-01-01T00:00:00Z', created_by: 'fairlead tools/image' }],
  }
}

/** containerd takes the name from its own annotation, others from that of the specification ("Annotation Rules"). */
function indexOf({ reference }: Image, manifest: Blob): unknown {
  return {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [
      {
        mediaType: manifestType,
        digest: manifest.digest,
        size: manifest.size,
        annotations: { 'io.containerd.image.name': reference, 'org.opencontainers.image.ref.name': reference },
      },
    ],
  }
}

/** OCI image specification 1.1 "Image Layout". */
function layoutOf(index: unknown, blobs: readonly Blob[]): readonly TarFile[] {
  return [
    { path: 'oci-layout', content: Buffer.from('{"imageLayoutVersion":"1.0.0"}') },
    { path: 'index.json', content: Buffer.from(JSON.stringify(index)) },
    ...blobs.map((blob) => ({ path: `blobs/${blob.digest.replace(':', '/')}`, content: blob })),
  ]
}

function writeChunks(path: string, chunks: Iterable<Uint8Array>): number {
  const file = openSync(path, 'w')
  let bytes = 0
  try {
    for (const chunk of chunks) {
      for (let at = 0; at < chunk.length; ) at += writeSync(file, chunk, at)
      bytes += chunk.length
    }
  } finally {
    closeSync(file)
  }
  return bytes
}

function jsonBlob(value: unknown): Blob {
  const bytes = Buffer.from(JSON.stringify(value))
  return blobOf(() => [bytes])
}

function blobOf(chunks: () => Iterable<Uint8Array>): Blob {
  const hash = createHash('sha256')
  let size = 0
  for (const chunk of chunks()) {
    hash.update(chunk)
    size += chunk.length
  }
  return { digest: `sha256:${hash.digest('hex')}`, size, chunks }
}
