import { readdir, readFile, readlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { basename } from 'node:path'

/** The program that listens on a port. */
export interface PortOwner {
  readonly pid: number
  /** Short name of the program, as the kernel has it. */
  readonly command: string
}

/** Why an address cannot be bound: the errno name, as EADDRINUSE or EACCES. Undefined when it can. */
export async function bindErrno(host: string, port: number): Promise<string | undefined> {
  const probe = createServer()
  return new Promise((resolve) => {
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(undefined)))
  })
}

/** The first port from `port` on that can be bound on `host`. Another program may take it meanwhile. */
export async function nextFreePort(host: string, port: number): Promise<number> {
  for (let candidate = port; candidate < 65_536; candidate++) {
    if ((await bindErrno(host, candidate)) === undefined) return candidate
  }
  throw new Error(`no free port on ${host} from ${port} on`)
}

/**
 * Who listens on a TCP port, as far as /proc tells: nobody for programs of other users, and never anything outside
 * Linux. For messages only.
 */
export async function portOwner(port: number): Promise<PortOwner | undefined> {
  const tables = await Promise.all(['tcp', 'tcp6'].map((table) => readText(`/proc/net/${table}`)))
  const inodes = new Set(tables.flatMap((table) => listeningInodes(table, port)))
  if (inodes.size === 0) return undefined
  const pids = (await names('/proc')).filter((name) => /^\d+$/.test(name))
  for (const pid of pids) {
    if (await holdsSocket(pid, inodes)) {
      return { pid: Number(pid), command: await commandOf(pid) }
    }
  }
  return undefined
}

async function commandOf(pid: string): Promise<string> {
  const name = (await readText(`/proc/${pid}/comm`)).trim()
  if (name !== 'MainThread') return name
  // So Node calls itself, which tells nobody anything.
  const [program = ''] = (await readText(`/proc/${pid}/cmdline`)).split('\0')
  return program === '' ? name : basename(program)
}

/** `"nginx" (pid 4711)`. */
export function describeOwner(owner: PortOwner): string {
  return `"${owner.command}" (pid ${owner.pid})`
}

/** Why an address cannot be bound and what to do; undefined when it can. */
export async function bindProblem(host: string, port: number): Promise<string | undefined> {
  const errno = await bindErrno(host, port)
  if (errno === undefined) return undefined
  const owner = errno === 'EADDRINUSE' ? await portOwner(port) : undefined
  return `${errno}${owner === undefined ? '' : `, it is taken by ${describeOwner(owner)}`}; stop that or choose another`
}

const stateListen = '0A'

/** Inodes of the listening sockets of a port in a table of /proc/net: local address, remote address, state, .. inode. */
export function listeningInodes(table: string, port: number): readonly string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([, local, , state, , , , , , inode]) =>
      local?.endsWith(suffix) && state === stateListen && inode !== undefined ? [inode] : [],
    )
}

async function holdsSocket(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  for (const descriptor of await names(`/proc/${pid}/fd`)) {
    const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '') // Closed meanwhile.
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1]
    if (inode !== undefined && inodes.has(inode)) return true
  }
  return false
}

async function names(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []) // Ended meanwhile, or of another user.
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '') // No /proc, or ended meanwhile.
}
