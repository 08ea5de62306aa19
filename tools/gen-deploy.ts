/**
 * Writes deploy/fairlead.yaml, which is the chart rendered with its default values. Needs Go, to build Helm once.
 *
 *   node tools/gen-deploy.ts
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ensurePrograms } from '../e2e/cluster/programs.ts'
import { renderDeploy } from './gen-deploy/render.ts'

const helm = join(await ensurePrograms('helm'), 'helm')
writeFileSync(join(import.meta.dirname, '..', 'deploy', 'fairlead.yaml'), renderDeploy(helm))
