/** What the fuzzer is for, with faults that were planted. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { ObjectSet } from './finding.ts'
import { FuzzRig } from './rig.ts'
import { FuzzRun, replay } from './run.ts'

const folder = mkdtempSync(join(tmpdir(), 'fairlead-fuzz-test-'))

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function route(name: string, regex: string): ObjectSet['steps'][number] {
  return {
    do: 'set',
    object: {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name, namespace: 'default' },
      spec: {
        parentRefs: [{ name: 'gw', sectionName: 'http' }],
        hostnames: [`${name}.com`],
        rules: [{ matches: [{ path: { type: 'RegularExpression', value: regex } }, { path: { value: '/b' } }] }],
      },
    },
  }
}

/** More than the 100 instructions that an Envoy takes which is not told otherwise. */
const large = `/${'('.repeat(200)}x${')'.repeat(200)}`

describe('a run', () => {
  test('finds what the proxy refuses, leaves nothing in the file that it does not take, and goes on', async () => {
    const sets: readonly ObjectSet[] = [
      { id: '1/0', steps: [route('a', '/a+')] },
      { id: '1/1', steps: [route('b', '/b+'), { do: 'tick' }, route('c', large), route('d', '/d+')] },
      { id: '1/2', steps: [route('a', '/a+')] },
    ]
    const run = new FuzzRun({
      maker: { make: (index) => sets[index] ?? expect.unreachable() },
      platform: 'standalone',
      folder,
      maxTries: 12,
      // Told nothing about the size of expressions.
      tamper: ({ layered_runtime: _runtime, ...bootstrap }) => bootstrap,
      say: () => {},
    })
    await run.start()
    const findings = await run.go(0, 3)
    await run.stop()
    expect(findings).toEqual([expect.stringMatching(/^1\/1: refusal: .*max program size[\s\S]*--replay .*1-1.json$/)])
    expect(run.result).toMatchObject({ sets: 3, entered: 5, refused: 0 })
    const file = join(folder, '1-1.json')
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
      platform: 'standalone',
      history: [{ steps: [{ do: 'set', object: { metadata: { name: 'c' } } }] }],
    })
    // An Envoy as we start it takes the same set.
    expect(await replay(file)).toEqual([])
  })
})

describe('a rig', () => {
  test('says that its Envoy has ended', async () => {
    const rig = await FuzzRig.start('standalone')
    process.kill(rig.pid, 'SIGKILL')
    const { findings } = await rig.apply({ id: '1/0', steps: [route('a', '/a+')] })
    await rig.stop()
    expect(findings).toContainEqual({ kind: 'crash', message: expect.stringContaining('SIGKILL') })
  })

  test('lets no set touch what is safe', async () => {
    const rig = await FuzzRig.start('standalone')
    const { findings } = await rig.apply({
      id: '1/0',
      steps: [
        { do: 'delete', kind: 'HTTPRoute', namespace: 'safe', name: 'sentinel' },
        { do: 'delete', kind: 'Gateway', namespace: 'default', name: 'gw' },
        { do: 'set', object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'safe' } } },
      ],
    })
    await rig.stop()
    expect(findings).toEqual([])
  })
})
