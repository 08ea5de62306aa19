#!/usr/bin/env node
// The command `fairlead`: does the set-up of a clone, then runs src/main.ts under Node 24. Only `up` needs Envoy.
import { join } from 'node:path'
import { root, setUpAndRun } from '../tools/setup/main.mjs'

const args = process.argv.slice(2)
await setUpAndRun([join(root, 'src', 'main.ts'), ...args], { envoy: args[0] === 'up' })
