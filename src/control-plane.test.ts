import { fileURLToPath } from 'node:url'
import { expect, test, vi } from 'vitest'
import { runUp } from './up.ts'

test('a cache folder that cannot be made is one line that says what to do, and no crash', async () => {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const at = { host: '127.0.0.1', port: 0 }
  const cacheFolder = `${fileURLToPath(import.meta.url)}/cache`
  const code = await runUp(
    {
      ...{ paths: [], xds: at, admin: at, envoyAdminPort: 0, runsEnvoys: false, concurrency: 1, stats: 'listed' },
      ...{ logLevel: 'silent', output: 'json', startsSampleBackends: false, searchPath: '', cacheFolder },
      devCertificates: [{ namespace: 'infra', name: 'tls', hosts: ['a.example.com'] }],
      controllerName: 'fairlead.dev/gateway-controller',
    },
    Promise.resolve(),
  )
  const lines = said.mock.calls.map(([line]) => String(line))
  said.mockRestore()
  expect(code).toBe(1)
  expect(lines).toEqual([
    expect.stringMatching(
      /^no certificate can be made in .*: ENOTDIR.*; set FAIRLEAD_CACHE to a folder that can be written\n$/,
    ),
  ])
})
