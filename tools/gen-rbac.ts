/**
 * Writes deploy/chart/files/rules: the rules of every role of the chart, derived from src/api/kinds.ts (what is read,
 * whose status is written) and src/api/managed-kinds.ts (what is applied, what else is asked of the API server).
 *
 *   node tools/gen-rbac.ts
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { renderRules } from './gen-rbac/files.ts'

const folder = join(import.meta.dirname, '..', 'deploy/chart/files/rules')
mkdirSync(folder, { recursive: true })
for (const [name, text] of renderRules()) writeFileSync(join(folder, name), text)
