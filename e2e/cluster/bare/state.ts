import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BareLayout } from './layout.ts'
import type { HeldNode } from './namespaces.ts'

/** What is remembered of a cluster between two commands. */
export interface BareState {
  readonly nodes: readonly [HeldNode, ...HeldNode[]]
  /** False until everything runs. */
  readonly isUp: boolean
}

const stateFile = (layout: BareLayout) => join(layout.state, 'cluster.json')

/** Undefined when there is none. */
export function readState(layout: BareLayout): BareState | undefined {
  const file = stateFile(layout)
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as BareState) : undefined
}

/** Replaces what is remembered. */
export function writeState(layout: BareLayout, state: BareState): void {
  writeFileSync(stateFile(layout), JSON.stringify(state))
}
