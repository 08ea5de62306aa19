import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{src,tools,bench}/**/*.test.ts', 'tools/**/*.test.mjs'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    restoreMocks: true,
  },
})
