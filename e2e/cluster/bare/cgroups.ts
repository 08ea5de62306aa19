/**
 * Cgroups of a cluster: `<cgroup>/<node>/sys` for what runs on a node, `<cgroup>/<node>/kubepods` for its pods. They
 * find every process of a cluster, whatever it has become. Version 1 is what this was run on; version 2 is written
 * after its documentation.
 */
import { existsSync, globSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BareLayout, NodeLayout } from './layout.ts'

const root = '/sys/fs/cgroup'
const controllersOfVersion1 = ['cpu', 'cpuacct', 'cpuset', 'memory', 'devices', 'freezer', 'blkio', 'pids', 'systemd']

/** True where one hierarchy holds all controllers. */
export const isCgroupVersion2 = () => existsSync(join(root, 'cgroup.controllers'))

function hierarchies(): readonly string[] {
  if (isCgroupVersion2()) return [root]
  return controllersOfVersion1.map((name) => join(root, name)).filter((folder) => existsSync(folder))
}

/** Makes the cgroups of every node. */
export function createCgroups(layout: BareLayout): void {
  for (const hierarchy of hierarchies()) {
    for (const node of layout.nodes) createIn(hierarchy, [layout.cgroup, node.name, 'sys'])
  }
}

function createIn(hierarchy: string, names: readonly string[]): void {
  let parent = hierarchy
  for (const name of names) {
    const folder = join(parent, name)
    if (isCgroupVersion2()) writeFileSync(join(parent, 'cgroup.subtree_control'), '+cpu +cpuset +memory +pids +io')
    mkdirSync(folder, { recursive: true })
    if (hierarchy.endsWith('/cpuset')) inheritCpuset(parent, folder)
    parent = folder
  }
}

/** In version 1 nothing can enter a cgroup of this controller until both files are filled. */
function inheritCpuset(parent: string, folder: string): void {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    writeFileSync(join(folder, file), readFileSync(join(parent, file)))
  }
}

/** The files into which a process of the node writes its id before it begins. */
export function membershipFiles(layout: BareLayout, node: NodeLayout): readonly string[] {
  return hierarchies().map((hierarchy) => join(hierarchy, layout.cgroup, node.name, 'sys', 'cgroup.procs'))
}

/** Every process of the cluster, or of one of its nodes. */
export function processesOf(layout: BareLayout, node?: NodeLayout): readonly number[] {
  const below = node === undefined ? layout.cgroup : join(layout.cgroup, node.name)
  const listing = hierarchies().filter((hierarchy) => isCgroupVersion2() || /\/(pids|memory)$/.test(hierarchy))
  const ids = listing.flatMap((hierarchy) => {
    const folder = join(hierarchy, below)
    return globSync('**/cgroup.procs', { cwd: folder }).flatMap((file) => readIds(join(folder, file)))
  })
  return [...new Set(ids)]
}

function readIds(file: string): readonly number[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean).map(Number)
  } catch {
    return [] // The cgroup went away between two looks.
  }
}

/** Removes the cgroups from the leaves up. False while one is still busy: its last process has not been reaped yet. */
export function removeCgroups(layout: BareLayout): boolean {
  return removeBelow(layout.cgroup)
}

function removeBelow(path: string): boolean {
  // runc adds to the hierarchy of version 2 that stands beside those of version 1.
  const folders = [...hierarchies(), join(root, 'unified')].map((hierarchy) => join(hierarchy, path))
  return folders.map(removeTree).every(Boolean)
}

function removeTree(folder: string): boolean {
  if (!existsSync(folder)) return true
  const below = globSync('**/', { cwd: folder }).map((name) => join(folder, name))
  const deepestFirst = [folder, ...below].sort((a, b) => b.split('/').length - a.split('/').length)
  for (const path of deepestFirst) {
    try {
      rmdirSync(path)
    } catch {
      // Busy: the caller asks again.
    }
  }
  return !existsSync(folder)
}
