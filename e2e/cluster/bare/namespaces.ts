/** Nodes are sets of namespaces, each held by one process that has the id 1 inside. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, openSync, closeSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CommandOptions, run, waitFor } from '../command.ts'
import { membershipFiles } from './cgroups.ts'
import type { BareLayout, NodeLayout } from './layout.ts'

/** A node that runs. */
export interface HeldNode extends NodeLayout {
  /** The process outside whose death ends the node. */
  readonly holder: number
  /** Process 1 of the node, as seen from outside. */
  readonly pid: number
}

/** Enters its cgroups, then becomes the command. The first argument is the number of files. */
const joinAndRun = 'for file in $CGROUP_FILES; do echo $$ > "$file" || exit 9; done; exec "$@"'

/** Starts a node and waits until its mounts are there. `pause` is the program that holds it. */
export async function holdNode(layout: BareLayout, node: NodeLayout, pause: string): Promise<HeldNode> {
  mkdirSync(node.folder, { recursive: true })
  const init = [join(import.meta.dirname, 'node-init.sh'), node.name, node.address, node.folder, pause]
  const namespaces = ['--mount', '--pid', '--net', '--uts', '--ipc', '--mount-proc', '--propagation', 'private']
  const command = ['unshare', ...namespaces, '--fork', '--kill-child', '--', 'sh', ...init]
  const child = startInBackground(layout, node, 'init', command)
  const holder = child.pid ?? 0
  let pid = 0
  await waitFor(`${node.name} prepares its mounts (see ${logFile(layout, node, 'init')})`, 15, async () => {
    if (child.exitCode !== null) throw new Error(`${node.name} could not be made:\n${readLog(layout, node, 'init')}`)
    pid = Number(readFileSync(`/proc/${holder}/task/${holder}/children`, 'utf8').trim() || 0)
    return pid > 0 && existsSync(`/proc/${pid}/root/run/ready`)
  })
  return { ...node, holder, pid }
}

/** What stands before a command that runs in all namespaces of a node. The command starts in `/`. */
export const enterNode = (node: HeldNode): readonly string[] => [
  'nsenter',
  '-t',
  String(node.pid),
  '-m',
  '-p',
  '-n',
  '-u',
  '-i',
  '--',
]

/** What stands before a command that sees the node's network and this machine's files and processes. */
export const enterNetwork = (node: HeldNode): readonly string[] => ['nsenter', '-t', String(node.pid), '-n', '--']

/** Runs a command in a node, in its cgroups, to its end. */
export function runInNode(
  layout: BareLayout,
  node: HeldNode,
  command: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const env = { ...options.env, CGROUP_FILES: membershipFiles(layout, node).join(' ') }
  return run('sh', ['-c', joinAndRun, 'sh', ...enterNode(node), ...command], { ...options, env })
}

/** Starts a program of a node that goes on when this process ends. What it prints is in the log of that name. */
export function startDaemon(layout: BareLayout, node: HeldNode, name: string, command: readonly string[]): void {
  startInBackground(layout, node, name, [...enterNode(node), ...command])
}

function startInBackground(
  layout: BareLayout,
  node: NodeLayout,
  name: string,
  command: readonly string[],
): ChildProcess {
  mkdirSync(join(layout.state, 'log'), { recursive: true })
  const log = openSync(logFile(layout, node, name), 'a')
  const env = { ...process.env, CGROUP_FILES: membershipFiles(layout, node).join(' ') }
  const child = spawn('sh', ['-c', joinAndRun, 'sh', ...command], { detached: true, stdio: ['ignore', log, log], env })
  closeSync(log)
  child.unref()
  return child
}

/** Where a program of a node prints. */
export const logFile = (layout: BareLayout, node: NodeLayout, name: string) =>
  join(layout.state, 'log', `${node.name}-${name}.log`)

/** The last that a program of a node printed. */
export function readLog(layout: BareLayout, node: NodeLayout, name: string): string {
  return readFileSync(logFile(layout, node, name), 'utf8').slice(-3000)
}
