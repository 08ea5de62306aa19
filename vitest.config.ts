import { defineConfig } from 'vitest/config'

const withEnvoy = '**/*.envoy.test.ts'
const withKubernetes = '**/*.kube.test.ts'

/** Projects that `npm test` runs; the others are run by `npm run e2e`. */
export const plainProjects = ['offline', 'envoy']

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
          include: ['{src,tools,bench,fuzz,e2e,deploy}/**/*.test.ts', 'tools/**/*.test.mjs'],
          exclude: [withEnvoy, withKubernetes],
          sequence: { groupOrder: 0 },
        },
      },
      {
        // One file at a time, after all others: each runs Envoy, control plane and clients on the same few cores.
        extends: true,
        test: {
          name: 'envoy',
          include: [`{src,tools,bench,fuzz}/${withEnvoy}`],
          maxWorkers: 1,
          // A machine that is busy with others must not fail a test that would have passed.
          testTimeout: 180_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // A real API server and nothing else, started by the tests themselves.
        extends: true,
        test: {
          name: 'kube',
          include: [`{src,tools,deploy}/${withKubernetes}`],
          globalSetup: 'e2e/kube-setup.ts',
          maxWorkers: 1,
          testTimeout: 180_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        // A whole cluster with Fairlead in it; `npm run e2e` starts it and runs these inside its network.
        extends: true,
        test: {
          name: 'cluster',
          include: [`e2e/${withKubernetes}`],
          maxWorkers: 1,
          testTimeout: 300_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
})
