/** What a dynamically linked program needs around it in an image that has nothing else. */
import { execFileSync } from 'node:child_process'
import type { TarFile } from './tar.ts'

/**
 * The program under `path`, with the libraries that it links to and its loader, as this machine has them: real files
 * where the loader looks. glibc 2.34 or newer, which looks up names without further libraries.
 */
export function programFiles(path: string, program: string): readonly TarFile[] {
  const lines = execFileSync('ldd', [program], { encoding: 'utf8' }).split('\n')
  const libraries = lines.flatMap((line) => /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1] ?? [])
  return [
    { path, content: program, mode: 0o755 },
    ...libraries.map((library) => ({ path: library.slice(1), content: library, mode: 0o755 })),
  ]
}

/** Who runs, and how names are looked up. */
export const baseFiles: readonly TarFile[] = [
  { path: 'etc/passwd', content: Buffer.from('nonroot:x:65532:65532:nonroot:/:/sbin/nologin\n') },
  { path: 'etc/group', content: Buffer.from('nonroot:x:65532:\n') },
  { path: 'etc/nsswitch.conf', content: Buffer.from('hosts: files dns\n') },
  { path: 'tmp/', mode: 0o1777 },
]
