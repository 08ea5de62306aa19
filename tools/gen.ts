/**
 * Regenerates what is generated: proto/ from the descriptors of Envoy, src/api/gen from the CRDs of the Gateway API
 * (this needs Go, to fetch the module that holds them), src/envoy/gen from proto/, the rules of the chart's roles from the
 * tables of kinds, deploy/fairlead.yaml from the chart (this needs Go, to build Helm).
 *
 *   node tools/gen.ts
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

for (const generator of ['gen-proto.ts', 'gen-api.ts', 'gen-code.ts', 'gen-crds.ts', 'gen-rbac.ts', 'gen-deploy.ts']) {
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, generator)], { stdio: 'inherit' })
  if (status !== 0) {
    process.stderr.write(`tools/${generator} failed: the generators after it were not run\n`)
    process.exitCode = 1
    break
  }
}
