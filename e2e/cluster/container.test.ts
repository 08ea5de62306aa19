import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { enterContainer, withLocalServer } from './container.ts'
import { cacheFolder } from './programs.ts'

describe('a command in the network of a container', () => {
  test('sees the repository and the cache under their own paths, and the program comes last', () => {
    const command = [...enterContainer('node-1'), 'kubectl']
    expect(command.slice(0, 2)).toEqual(['docker', 'run'])
    expect(command).toContain('container:node-1')
    const mounts = command.flatMap((part, index) => (part === '-v' ? [command[index + 1]] : []))
    expect(mounts).toContain(`${cacheFolder()}:${cacheFolder()}`)
    expect(
      mounts.some((mount) => mount !== undefined && import.meta.dirname.startsWith(mount.split(':')[0] ?? '-')),
    ).toBe(true)
    expect(command.at(-1)).toBe('kubectl')
  })
})

describe('withLocalServer', () => {
  test.each(['https://127.0.0.1:39181', 'https://localhost:32768'])('%s becomes the port inside', (server) => {
    const kubeconfig = `clusters:\n- cluster:\n    server: ${server}\n  name: one\nusers: []\n`
    expect(parse(withLocalServer(kubeconfig))).toEqual({
      clusters: [{ cluster: { server: 'https://127.0.0.1:6443' }, name: 'one' }],
      users: [],
    })
  })
})
