import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { exclusively } from './exclusive.mjs'
import { capture } from './run.mjs'
import { lastLines, likelyCause, SetupError, step } from './say.mjs'

const generator = join('tools', 'gen-code.ts')
const inputs = ['proto', join('tools', 'gen-proto'), generator]
const outputFolder = join('src', 'envoy', 'gen')

/**
 * Runs tools/gen-code.ts when the .proto files, the generator or the output changed since the last
 * time, which is seen from names, sizes and times alone.
 */
export async function ensureGeneratedCode(root, node) {
  if (!existsSync(join(root, generator)) || isCurrent(root)) return
  await exclusively(join(root, '.cache', 'setup.lock'), async () => {
    if (isCurrent(root)) return
    await step('generating code', async () => {
      const { code, output } = await capture(node, [generator], { cwd: root })
      if (code === 0) return
      throw new SetupError(`code could not be generated: ${likelyCause(output) ?? 'a bug'}.\n${lastLines(output)}`)
    })
    mkdirSync(dirname(stampFile(root)), { recursive: true })
    writeFileSync(stampFile(root), signature(root))
  })
}

const stampFile = (root) => join(root, '.cache', 'generated')

function isCurrent(root) {
  try {
    return readFileSync(stampFile(root), 'utf8') === signature(root)
  } catch {
    return false // No stamp yet, or a folder that is not there.
  }
}

/** One line per file: path, size and time of change. */
function signature(root) {
  return [...inputs, outputFolder]
    .flatMap((path) => filesBelow(join(root, path)))
    .sort()
    .map((file) => {
      const { size, mtimeMs } = statSync(file)
      return `${file} ${size} ${mtimeMs}`
    })
    .join('\n')
}

function filesBelow(path) {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => filesBelow(join(path, entry.name)))
}
