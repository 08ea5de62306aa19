import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { exclusively } from './exclusive.mjs'
import { answerOf, capture } from './run.mjs'
import { lastLines, likelyCause, SetupError, step } from './say.mjs'

const wantedNodeMajor = 24

/**
 * Makes node_modules agree with package-lock.json and returns the path of a Node 24. Costs two stat calls and one small
 * read when nothing changed since the last time.
 */
export async function ensurePackages(root, env = process.env) {
  if (!isCurrent(root)) {
    await exclusively(join(root, '.cache', 'setup.lock'), async () => {
      if (isCurrent(root)) return
      const hash = lockHash(root)
      if (readStamp(root)?.hash !== hash || !existsSync(nodeBinary(root))) await install(root, env)
      writeFileSync(stampFile(root), JSON.stringify({ hash, ...lockStat(root), platform: platform() }))
    })
  }
  return nodeBinary(root)
}

/** Path of the Node that runs everything: the one of the package `node`, else this very one when it is new enough. */
export function nodeBinary(root) {
  const packaged = join(root, 'node_modules', 'node', 'bin', 'node')
  const [major = '0'] = process.versions.node.split('.')
  return !existsSync(packaged) && Number(major) >= wantedNodeMajor ? process.execPath : packaged
}

const stampFile = (root) => join(root, 'node_modules', '.fairlead-setup.json')
const platform = () => `${process.platform}-${process.arch}`
const lockHash = (root) =>
  createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')

function lockStat(root) {
  const { mtimeMs, size } = statSync(join(root, 'package-lock.json'))
  return { mtimeMs, size }
}

function readStamp(root) {
  try {
    const stamp = JSON.parse(readFileSync(stampFile(root), 'utf8'))
    return stamp.platform === platform() ? stamp : undefined
  } catch {
    return undefined // Missing or half written: the same as never set up.
  }
}

function isCurrent(root) {
  const stamp = readStamp(root)
  const { mtimeMs, size } = lockStat(root)
  return stamp?.mtimeMs === mtimeMs && stamp.size === size && existsSync(nodeBinary(root))
}

/**
 * A complete node_modules of an older lock is brought up to date in place; anything else is made anew. The hidden lock
 * file is what npm writes last, so without it an earlier run was cut off.
 */
async function install(root, env) {
  const isComplete = existsSync(join(root, 'node_modules', '.package-lock.json'))
  await step('installing packages', async () => {
    const first = await npm(root, env, isComplete ? ['install', '--no-save'] : ['ci'])
    if (first.code === 0) return
    // A registry that lacks other platforms' packages leaves them out of the lock, which `npm ci` refuses.
    const isLockIncomplete = /can only install packages when your package\.json and package-lock\.json/.test(
      first.output,
    )
    const second = isLockIncomplete ? await npm(root, env, ['install', '--no-save']) : first
    if (second.code !== 0) throw new SetupError(npmMessage(second))
  })
  await ensureNode(root, env)
}

function npm(root, env, args) {
  return capture('npm', [...args, '--no-audit', '--no-fund', '--loglevel', 'error'], { cwd: root, env })
}

function npmMessage({ code, output }) {
  if (code === 127) return 'npm is not installed: install Node 20 or newer with npm.'
  const cause = likelyCause(output)
  return `npm could not install the packages${cause ? `: ${cause}` : ''}.\n${lastLines(output)}`
}

/** The package `node` fetches its binary in an install script, which a user's npm may be told not to run. */
async function ensureNode(root, env) {
  const binary = nodeBinary(root)
  const folder = join(root, 'node_modules', 'node')
  let output = ''
  if (!existsSync(binary)) {
    const result = await step(`installing Node ${wantedNodeMajor}`, () =>
      capture(process.execPath, ['installArchSpecificPackage.js'], { cwd: folder, env }),
    )
    output = result.output
  }
  const version = answerOf(binary, ['--version'])
  if (version?.startsWith(`v${wantedNodeMajor}.`) || binary === process.execPath) return
  const cause = likelyCause(output)
  throw new SetupError(
    `Node ${wantedNodeMajor} could not be installed for ${platform()}${cause ? `: ${cause}` : ''}.\n${lastLines(output)}\n` +
      `Or run this with a Node ${wantedNodeMajor} of your own.`,
  )
}
