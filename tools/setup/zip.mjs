import { inflateRawSync } from 'node:zlib'

const endOfDirectory = 0x06054b50
const directoryEntry = 0x02014b50
const localEntry = 0x04034b50
const [stored, deflated] = [0, 8]

/**
 * The bytes of one member of a zip archive. Throws when the archive is broken or has no such member.
 * Field offsets: APPNOTE.TXT 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (its end).
 */
export function zipMember(archive, name) {
  const end = findEnd(archive)
  let at = archive.readUInt32LE(end + 16)
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    if (archive.readUInt32LE(at) !== directoryEntry) throw new Error('the zip archive is broken: no directory entry')
    const nameBytes = archive.readUInt16LE(at + 28)
    if (archive.toString('utf8', at + 46, at + 46 + nameBytes) === name) return unpack(archive, at, name)
    at += 46 + nameBytes + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32)
  }
  throw new Error(`the zip archive has no member ${name}`)
}

function findEnd(archive) {
  for (let at = archive.length - 22; at >= 0; at--) if (archive.readUInt32LE(at) === endOfDirectory) return at
  throw new Error('not a zip archive: it has no end of central directory')
}

function unpack(archive, entry, name) {
  const method = archive.readUInt16LE(entry + 10)
  const packedBytes = archive.readUInt32LE(entry + 20)
  const header = archive.readUInt32LE(entry + 42)
  if (archive.readUInt32LE(header) !== localEntry) throw new Error('the zip archive is broken: no local header')
  const start = header + 30 + archive.readUInt16LE(header + 26) + archive.readUInt16LE(header + 28)
  const packed = archive.subarray(start, start + packedBytes)
  if (method === stored) return packed
  if (method !== deflated) throw new Error(`${name} is packed by method ${method}, which is not known here`)
  const bytes = inflateRawSync(packed)
  if (bytes.length !== archive.readUInt32LE(entry + 24)) throw new Error(`${name} is cut short in the zip archive`)
  return bytes
}
