/** A set-up step that cannot go on. The message says the likely cause and the remedy; it is printed without a stack. */
export class SetupError extends Error {}

/** Prints one line of progress on standard error, so that standard output belongs to the command alone. */
export function say(text) {
  process.stderr.write(`${text}\n`)
}

/** Runs a step and says how many seconds it took. */
export async function step(title, action) {
  const startedAt = Date.now()
  say(`set-up: ${title} ...`)
  const result = await action()
  say(`set-up: ${title}: done in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`)
  return result
}

/** Ordered: the first pattern that the output holds names the cause. */
const causes = [
  [/ENOSPC|No space left on device/i, 'the disk is full: free some space and try again'],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|Could not resolve|Temporary failure in name resolution|NewConnectionError|Network is unreachable|Connection refused|ConnectTimeout/i,
    'the package registry cannot be reached: check the network and the proxy settings, then try again',
  ],
  [
    /CERT_|SELF_SIGNED|UNABLE_TO_VERIFY|CERTIFICATE_VERIFY_FAILED/i,
    'the certificate of the package registry is not trusted: set NODE_EXTRA_CA_CERTS (npm) or PIP_CERT (pip)',
  ],
  [/EACCES|EPERM|Permission denied/i, 'no permission to write: check who owns this folder and the cache'],
  [/EINTEGRITY/, 'a package differs from the one that package-lock.json names: clear the cache of npm and try again'],
  [
    /No matching distribution|from versions: none/i,
    'the package index has no such build for this system: it needs Linux with glibc 2.31 or newer on x86_64 or aarch64',
  ],
]

/** The likely cause of a failure and what to do, from what a program printed; undefined when it is not known. */
export function likelyCause(output) {
  return causes.find(([pattern]) => pattern.test(output))?.[1]
}

/** The last lines of what a program printed, indented. */
export function lastLines(output, count = 12) {
  const lines = output.split('\n').filter((line) => line.trim() !== '')
  return lines
    .slice(-count)
    .map((line) => `  ${line}`)
    .join('\n')
}
