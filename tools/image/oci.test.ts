import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Image, writeImage } from './oci.ts'
import { tarChunks } from './tar.ts'

const deepFolder = `usr/lib/app/${'node_modules/a-package/'.repeat(5)}`
const image: Image = {
  reference: 'example.org/team/app:1.2.3',
  files: [
    { path: `${deepFolder}index.js`, content: Buffer.from('deep') },
    { path: 'usr/bin/app', content: Buffer.from('#!/bin/sh\n'), mode: 0o755 },
    { path: 'tmp/', mode: 0o1777 },
  ],
  entrypoint: ['/usr/bin/app', 'serve'],
  env: { HOME: '/nowhere' },
}

function sandbox(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-image-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Writes the image and unpacks it with the system's tar. */
function unpacked(folder: string) {
  const file = join(folder, 'image.tar')
  const { digest, bytes } = writeImage(image, file)
  execFileSync('tar', ['xf', file, '-C', folder])
  const blob = (name: string) => readFileSync(join(folder, 'blobs', name.replace(':', '/')))
  const json = (bytes: Buffer) => JSON.parse(bytes.toString())
  return { digest, bytes, file, blob, json, index: json(readFileSync(join(folder, 'index.json'))) }
}

describe('writeImage', () => {
  test('every blob has the digest and the size by which it is referred to', () => {
    const { index, blob, json, digest } = unpacked(sandbox())
    const manifest = json(blob(digest))
    expect(index.manifests[0].digest).toBe(digest)
    for (const { digest, size } of [index.manifests[0], manifest.config, ...manifest.layers]) {
      expect(blob(digest).length).toBe(size)
      expect(`sha256:${createHash('sha256').update(blob(digest)).digest('hex')}`).toBe(digest)
    }
    expect(json(blob(manifest.config.digest)).rootfs.diff_ids).toEqual([manifest.layers[0].digest])
  })

  test('the name is where containerd looks for it', () => {
    const { index } = unpacked(sandbox())
    expect(index.manifests[0].annotations['io.containerd.image.name']).toBe('example.org/team/app:1.2.3')
  })

  test('the configuration says what runs, as whom', () => {
    const { blob, json, digest } = unpacked(sandbox())
    const { config, os } = json(blob(json(blob(digest)).config.digest))
    expect({ config, os }).toMatchInlineSnapshot(`
      {
        "config": {
          "Entrypoint": [
            "/usr/bin/app",
            "serve",
          ],
          "Env": [
            "HOME=/nowhere",
          ],
          "Labels": {},
          "User": "65532:65532",
          "WorkingDir": "/",
        },
        "os": "linux",
      }
    `)
  })

  test('the layer unpacks with modes, folders and names of more than 100 bytes', () => {
    const folder = sandbox()
    const { blob, json, digest } = unpacked(folder)
    const [layer] = json(blob(digest)).layers
    const root = sandbox()
    execFileSync('tar', ['xpf', join(folder, 'blobs', layer.digest.replace(':', '/')), '-C', root])
    const mode = (path: string) => (statSync(join(root, path)).mode & 0o7777).toString(8)
    expect(readFileSync(join(root, deepFolder, 'index.js'), 'utf8')).toBe('deep')
    expect(['usr', 'usr/bin/app', 'tmp', `${deepFolder}index.js`].map(mode)).toEqual(['755', '755', '1777', '644'])
  })

  test('the same content in another order is the same file', () => {
    const folder = sandbox()
    const [a, b] = [join(folder, 'a.tar'), join(folder, 'b.tar')]
    writeImage(image, a)
    writeImage({ ...image, files: image.files.toReversed() }, b)
    expect(readFileSync(a).equals(readFileSync(b))).toBe(true)
  })
})

describe('tarChunks', () => {
  test.each([
    ['two files of one path', [{ path: 'a' }, { path: 'a' }], 'two files'],
    ['an absolute path', [{ path: '/a' }], 'leading slash'],
    ['a name that does not fit', [{ path: 'a'.repeat(101) }], 'too long'],
  ])('%s: refused', (_, files, message) => {
    expect(() => [...tarChunks(files)]).toThrow(message)
  })
})
