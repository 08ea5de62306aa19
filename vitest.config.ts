import { defineConfig } from 'vitest/config'

const withEnvoy = '**/*.envoy.test.ts'

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 120_000,
    restoreMocks: true,
    projects: [
      {
        extends: true,
        test: {
          name: 'offline',
          include: ['{src,tools,bench}/**/*.test.ts', 'tools/**/*.test.mjs'],
          exclude: [withEnvoy],
          sequence: { groupOrder: 0 },
        },
      },
      {
        // One file at a time, after all others: each runs Envoy, control plane and clients on the same few cores.
        extends: true,
        test: {
          name: 'envoy',
          include: [`{src,tools,bench}/${withEnvoy}`],
          maxWorkers: 1,
          // A machine that is busy with others must not fail a test that would have passed.
          testTimeout: 180_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
