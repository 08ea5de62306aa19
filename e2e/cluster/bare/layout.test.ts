import { afterEach, describe, expect, test, vi } from 'vitest'
import { bareLayout } from './layout.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('bareLayout', () => {
  test('two clusters share neither files nor cgroups', () => {
    const [one, two] = [bareLayout('one'), bareLayout('two')]
    expect(one.state).not.toBe(two.state)
    expect(one.cgroup).not.toBe(two.cgroup)
  })

  test.each(['', 'A', '../etc', 'a b', 'x'.repeat(22)])('"%s" is no id', (id) => {
    expect(() => bareLayout(id)).toThrow('is no id of a cluster')
  })

  test('a cache below a folder that nodes cover is refused', () => {
    vi.stubEnv('FAIRLEAD_CACHE', '/var/cache/fairlead')
    expect(() => bareLayout('bare')).toThrow('set FAIRLEAD_CACHE to another place')
  })
})
