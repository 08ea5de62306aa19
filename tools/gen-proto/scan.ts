import { fromBinary } from '@bufbuild/protobuf'
import { type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'

const SUFFIX = Buffer.from('.proto')
const NAME = /^(?:envoy|xds|udpa|google|validate|opencensus|opentelemetry|io|cel|contrib)\/[\w/.-]+\.proto$/
const NAME_TAG = 0x0a
const MAX_NAME_BYTES = 127

/** Field numbers of FileDescriptorProto; anything else ends a descriptor that is embedded in foreign bytes. */
const FILE_FIELDS: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15])

interface Varint {
  readonly value: number
  readonly end: number
}

/** Reads a varint; undefined past the end of the bytes or past 32 bits, neither of which a descriptor holds. */
function readVarint(bytes: Uint8Array, start: number): Varint | undefined {
  let value = 0
  for (let i = 0; i < 5; i++) {
    const byte = bytes[start + i]
    if (byte === undefined) return undefined
    value += (byte & 127) * 2 ** (7 * i)
    if (byte < 128) return { value, end: start + i + 1 }
  }
  return undefined
}

/** Returns where the field at `start` ends, or undefined when it cannot belong to a FileDescriptorProto. */
function endOfField(bytes: Uint8Array, start: number, isFirst: boolean): number | undefined {
  const tag = readVarint(bytes, start)
  if (tag === undefined) return undefined
  const field = Math.floor(tag.value / 8)
  if (!FILE_FIELDS.has(field) || (field === 1 && !isFirst)) return undefined
  const next = readVarint(bytes, tag.end)
  if (next === undefined) return undefined
  const wire = tag.value & 7
  if (wire === 0) return next.end
  if (wire !== 2 || next.end + next.value > bytes.length) return undefined
  return next.end + next.value
}

/** Walks fields from `start` until one does not belong to a FileDescriptorProto. */
function endOfDescriptor(bytes: Uint8Array, start: number): number {
  let at = start
  for (;;) {
    const end = endOfField(bytes, at, at === start)
    if (end === undefined) return at
    at = end
  }
}

/** Returns where a descriptor named by the `.proto` text that ends at `nameEnd` would start. */
function startOfDescriptor(bytes: Buffer, nameEnd: number): number | undefined {
  for (let length = SUFFIX.length + 1; length <= MAX_NAME_BYTES; length++) {
    const start = nameEnd - length - 2
    if (start < 0) return undefined
    if (bytes[start] !== NAME_TAG || bytes[start + 1] !== length) continue
    if (NAME.test(bytes.toString('latin1', start + 2, nameEnd))) return start
  }
  return undefined
}

function parseDescriptor(bytes: Uint8Array): FileDescriptorProto | undefined {
  let file: FileDescriptorProto
  try {
    file = fromBinary(FileDescriptorProtoSchema, bytes)
  } catch {
    return undefined // Text that looked like a name: the bytes after it are no descriptor.
  }
  const declares = file.messageType.length + file.enumType.length + file.service.length + file.extension.length
  return declares > 0 ? file : undefined
}

/**
 * Cuts every FileDescriptorProto out of a binary that links C++ protobuf, by file name. Generated C++ code keeps
 * each descriptor serialized: field 1 (the name) first. The longest parse per name wins.
 */
export function scanDescriptors(binary: Buffer): ReadonlyMap<string, FileDescriptorProto> {
  const found = new Map<string, { readonly file: FileDescriptorProto; readonly size: number }>()
  for (let at = binary.indexOf(SUFFIX); at >= 0; at = binary.indexOf(SUFFIX, at + 1)) {
    const start = startOfDescriptor(binary, at + SUFFIX.length)
    if (start === undefined) continue
    const end = endOfDescriptor(binary, start)
    const file = parseDescriptor(binary.subarray(start, end))
    if (file === undefined || (found.get(file.name)?.size ?? 0) >= end - start) continue
    found.set(file.name, { file, size: end - start })
  }
  return new Map([...found].map(([name, { file }]) => [name, file] as const).sort(([a], [b]) => (a < b ? -1 : 1)))
}
