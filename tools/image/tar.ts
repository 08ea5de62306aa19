/** Tar archives that are the same bytes for the same content: POSIX.1-1988 (ustar), mtime 0, owner root, sorted. */
import { readFileSync } from 'node:fs'
import { assert } from '../../src/lib/assert.ts'
import { compareStrings } from '../../src/lib/sorted.ts'

/** Bytes that are made anew for each reading, so that they are never held as a whole. */
export interface Chunks {
  readonly size: number
  readonly chunks: () => Iterable<Uint8Array>
}

/** A file of an archive; a path that ends in `/` is an empty folder. */
export interface TarFile {
  /** Without a leading slash. */
  readonly path: string
  /** The bytes, or the path of a file of this machine that has them. Absent for folders. */
  readonly content?: Uint8Array | string | Chunks | undefined
  /** Permission bits. Default: 0o644, 0o755 for folders. */
  readonly mode?: number | undefined
}

const blockBytes = 512
const nameBytes = 100
const prefixBytes = 155

/** The archive in pieces, with an entry for every folder on the way to a file. */
export function* tarChunks(files: readonly TarFile[]): Generator<Uint8Array> {
  for (const file of withFolders(files)) {
    const { size, chunks } = readContent(file.content)
    yield headerOf(file, size)
    yield* chunks()
    yield new Uint8Array((blockBytes - (size % blockBytes)) % blockBytes)
  }
  yield new Uint8Array(2 * blockBytes)
}

/** Bytes of a file of an archive, wherever they are. */
export function readContent(content: TarFile['content']): Chunks {
  if (content !== undefined && typeof content === 'object' && 'chunks' in content) return content
  const bytes = typeof content === 'string' ? readFileSync(content) : (content ?? new Uint8Array())
  return { size: bytes.length, chunks: () => [bytes] }
}

/** Sorted, which puts each folder before what is in it. Throws when two entries have one path. */
function withFolders(files: readonly TarFile[]): readonly TarFile[] {
  const entries = new Map<string, TarFile>()
  for (const file of files) {
    assert(!file.path.startsWith('/') && !entries.has(file.path), `two files or a leading slash: ${file.path}`)
    entries.set(file.path, file)
  }
  for (const { path } of files) {
    for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) {
      const folder = path.slice(0, end + 1)
      if (!entries.has(folder)) entries.set(folder, { path: folder })
    }
  }
  return [...entries.values()].sort((a, b) => compareStrings(a.path, b.path))
}

/** Offsets and widths: POSIX.1-2017 pax, "ustar Interchange Format". */
function headerOf({ path, mode }: TarFile, size: number): Uint8Array {
  const isFolder = path.endsWith('/')
  const header = Buffer.alloc(blockBytes)
  const { prefix, name } = splitPath(path)
  header.write(name, 0)
  header.write(octal(mode ?? (isFolder ? 0o755 : 0o644), 8), 100)
  header.write(octal(0, 8), 108) // uid
  header.write(octal(0, 8), 116) // gid
  header.write(octal(size, 12), 124)
  header.write(octal(0, 12), 136) // mtime
  header.write(' '.repeat(8), 148) // The checksum counts its own field as spaces.
  header.write(isFolder ? '5' : '0', 156)
  header.write('ustar\x0000', 257)
  header.write(prefix, 345)
  const checksum = header.reduce((sum, byte) => sum + byte, 0)
  header.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}

/** `name` of at most 100 bytes, what stands before it in `prefix`. Throws when no slash divides the path so. */
function splitPath(path: string): { readonly prefix: string; readonly name: string } {
  if (Buffer.byteLength(path) <= nameBytes) return { prefix: '', name: path }
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)]
    if (name !== '' && Buffer.byteLength(name) <= nameBytes && Buffer.byteLength(prefix) <= prefixBytes) {
      return { prefix, name }
    }
  }
  throw new Error(`the path is too long for a tar archive: ${path}`)
}

function octal(value: number, width: number): string {
  const digits = value.toString(8).padStart(width - 1, '0')
  assert(digits.length < width, `${value} does not fit in ${width - 1} octal digits`)
  return `${digits}\0`
}
