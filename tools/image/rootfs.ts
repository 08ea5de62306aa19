import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readContent, type TarFile } from './tar.ts'

/** Writes files as they stand in an image into a folder, for `COPY` in a Dockerfile and for tests. */
export function writeRootfs(files: readonly TarFile[], folder: string): void {
  for (const { path, content, mode } of files) {
    const target = join(folder, path)
    if (path.endsWith('/')) {
      mkdirSync(target, { recursive: true })
      chmodSync(target, mode ?? 0o755)
      continue
    }
    mkdirSync(dirname(target), { recursive: true })
    if (typeof content === 'string') copyFileSync(content, target)
    else writeFileSync(target, Buffer.concat([...readContent(content).chunks()]))
    chmodSync(target, mode ?? 0o644)
  }
}
