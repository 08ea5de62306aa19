#!/usr/bin/env node
// The command `fairlead`: does the set-up of a clone, then runs src/main.ts under Node 24. Only `up` needs Envoy.
import { join } from 'node:path'
import { root, setUpAndRun } from '../tools/setup/main.mjs'

// A larger young generation would keep the garbage of the first translation resident: 40 MiB at 5,000 hosts.
const nodeOptions = ['--max-semi-space-size=4']
const args = process.argv.slice(2)
await setUpAndRun([...nodeOptions, join(root, 'src', 'main.ts'), ...args], { envoy: args[0] === 'up' })
