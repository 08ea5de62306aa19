import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { deflateRawSync } from 'node:zlib'
import { onTestFinished, vi } from 'vitest'

/** A folder for one test, removed when the test ends. Until then the progress lines of set-up are not shown. */
export function sandbox() {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-setup-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Writes an executable shell script. */
export function script(file, body) {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `#!/bin/sh\n${body}\n`, { mode: 0o755 })
}

/** An environment whose only programs are the system's shell tools and those in `programs`. */
export function environment(programs, more = {}) {
  return { PATH: [programs, '/bin', '/usr/bin'].join(delimiter), ...more }
}

/** A zip archive of [name, bytes, method], written field by field as APPNOTE.TXT 4.3 has it. */
export function zipOf(members) {
  const locals = []
  const directory = []
  let offset = 0
  for (const [name, bytes, method] of members) {
    const packed = method === 8 ? deflateRawSync(bytes) : bytes
    const local = Buffer.alloc(30)
    local.writeUInt32LE(0x04034b50, 0)
    local.writeUInt16LE(name.length, 26)
    local.writeUInt16LE(4, 28)
    const entry = Buffer.alloc(46)
    entry.writeUInt32LE(0x02014b50, 0)
    entry.writeUInt16LE(method, 10)
    entry.writeUInt32LE(packed.length, 20)
    entry.writeUInt32LE(bytes.length, 24)
    entry.writeUInt16LE(name.length, 28)
    entry.writeUInt16LE(6, 30)
    entry.writeUInt32LE(offset, 42)
    locals.push(local, Buffer.from(name), Buffer.alloc(4), packed)
    directory.push(entry, Buffer.from(name), Buffer.alloc(6))
    offset += 30 + name.length + 4 + packed.length
  }
  const entries = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(members.length, 10)
  end.writeUInt32LE(entries.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...locals, entries, end])
}
