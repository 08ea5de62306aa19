/**
 * Rewrites status.yaml and envoy.yaml of every golden case, and objects.yaml of every fleet, to what comes out now. The
 * review is reading the diff, so it refuses to run in CI.
 *
 *   node tools/update-goldens.ts
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

if (process.env.CI) {
  process.stderr.write('goldens are not updated in CI: run `npm run golden:update` on your machine and read the diff\n')
  process.exitCode = 1
} else {
  const env = { ...process.env, GOLDEN_UPDATE: '1' }
  const run = [
    join(import.meta.dirname, 'run-tests.ts'),
    'src/translate/golden.test.ts',
    'src/infra/fleet.golden.test.ts',
  ]
  process.exitCode = spawnSync(process.execPath, run, { env, stdio: 'inherit' }).status ?? 1
}
