/** The commands as a shell runs them: arguments, standard streams, exit codes. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { CliRig, goodManifests } from '../testing/cli-rig.ts'

const program = join(import.meta.dirname, '..', 'main.ts')
const rig = new CliRig({
  'good/all.yaml': goodManifests,
  'bad/route.yaml': `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: bad }
spec:
  hostnames: bad.example.com
`,
})

function fairlead(...args: readonly string[]) {
  const env = { ...process.env, NODE_OPTIONS: '' }
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    cwd: rig.root,
    encoding: 'utf8',
    env,
  })
  return { code: status, out: stdout, err: stderr }
}

afterAll(() => rig.remove())

describe('fairlead', () => {
  test('validate prints mistakes on standard output and a summary on standard error', () => {
    expect(fairlead('validate', '-f', 'good', '-f', 'bad/route.yaml')).toEqual({
      code: 1,
      out: 'bad/route.yaml:5:3: error: spec.hostnames: must be a list, but "bad.example.com" is text; write a list: start each item with "- "\n',
      err: '5 objects, 1 error\n',
    })
    expect(fairlead('validate', '--file', 'good')).toEqual({ code: 0, out: '', err: '5 objects, no problems\n' })
  })

  test('translate prints JSON that parses', () => {
    const { code, out, err } = fairlead('translate', '-f', 'good', '--show', 'clusters', '-o', 'json')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(JSON.parse(out)).toMatchObject([
      { typeUrl: 'type.googleapis.com/envoy.config.cluster.v3.Cluster', name: 'default/a/80', resource: {} },
    ])
  })

  test('ends with 2 when the arguments are wrong, and says which', () => {
    const { code, out, err } = fairlead('validate')
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain("required option '-f, --file <path...>' not specified")
    expect(fairlead('translate', '-f', 'good', '--show', 'everything').code).toBe(2)
    expect(fairlead('serve').code).toBe(2)
  })
})
