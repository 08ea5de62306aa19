/**
 * Every file of examples/mistakes in a real cluster: an error that `fairlead validate` finds is one that the API server
 * refuses, or that stands in the status of the object with the same words.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LineCounter, parseAllDocuments } from 'yaml'
import { KubeError } from '../../src/watch/kube-client.ts'
import { Api, type Manifest, manifestsIn } from '../rig/api.ts'
import { messages } from '../rig/conditions.ts'
import { Scene } from '../rig/scene.ts'

const folder = join(import.meta.dirname, '../../examples/mistakes')
const read = (file: string) => readFileSync(join(folder, file), 'utf8')
const files = readdirSync(folder).filter((file) => file.endsWith('.yaml') && file !== 'common.yaml')

/** Files with an object that does not get into a cluster: the definitions know better. */
const refusedByServer = new Set([
  'grpc-method.yaml',
  'header-match.yaml',
  'header-type-misplaced.yaml',
  'indentation-lost.yaml',
  'mirror-percent.yaml',
  'multi-cluster.yaml',
  'policy-ref.yaml',
  'port-conflict.yaml',
  'selector-labels.yaml',
])

/** Fields that are unknown or of another type are 500 to who applies, not 400. */
function isRefusal(error: unknown): boolean {
  return error instanceof KubeError && (error.status < 500 || /failed to create typed patch object/.test(error.message))
}

interface Mistake {
  readonly object: Manifest
  /** Without the field in front, which a condition need not repeat. */
  readonly message: string
}

/** The errors that stand at the end of a file, each with the object in whose lines it is. */
function mistakesIn(text: string): readonly Mistake[] {
  const lines = new LineCounter()
  const documents = parseAllDocuments(text, { lineCounter: lines })
  return [...text.matchAll(/^# {3}(\d+):\d+: error: [^ ]+: (.*)$/gm)].map(([, line, message = '']) => {
    const isIn = ({ range: [, , end] }: (typeof documents)[number]) => lines.linePos(end - 1).line >= Number(line)
    const document = documents.find(isIn)
    if (document === undefined) throw new Error(`line ${line} is in no object`)
    return { object: document.toJS() as Manifest, message }
  })
}

describe('a mistake', () => {
  let scenes: readonly Scene[]
  let api: Api
  beforeAll(async () => {
    scenes = await Promise.all(['infra', 'app', 'guest'].map((name) => Scene.open(name)))
    api = await Api.connect()
    // The class is there, and is the installation's.
    await api.apply(manifestsIn(read('common.yaml')).filter(({ kind }) => kind !== 'GatewayClass'))
  })
  afterAll(async () => {
    await Promise.all([...scenes.map((scene) => scene.close()), api.close()])
  })

  /** Applies what the API server takes, and returns the others. */
  async function refusedOf(objects: readonly Manifest[]): Promise<ReadonlySet<string>> {
    const refused = new Set<string>()
    for (const object of objects) {
      try {
        if (hasName(object)) await api.apply([object])
        else refused.add(keyOf(object))
      } catch (error) {
        if (!isRefusal(error)) throw error
        refused.add(keyOf(object))
      }
    }
    return refused
  }

  test.each(files)('%s', async (file) => {
    const objects = manifestsIn(read(file))
    const refused = await refusedOf(objects)
    expect(refused.size > 0).toBe(refusedByServer.has(file))
    try {
      const seen = async () => {
        const accepted = objects.filter((object) => !refused.has(keyOf(object)))
        const told = await Promise.all(accepted.map(async (object) => messages(await api.read(object))))
        return told.flat().join('\n')
      }
      for (const { object, message } of mistakesIn(read(file))) {
        if (refused.has(keyOf(object))) continue
        await expect.poll(seen, { timeout: 10_000 }).toContain(message)
      }
    } finally {
      for (const object of objects) if (!refused.has(keyOf(object))) await api.delete(object)
    }
  })
})

/** Written by hand: `metadata` may be empty. Without a name there is no path at which a client could apply it. */
function hasName({ metadata }: { readonly metadata: Manifest['metadata'] | null }): boolean {
  return metadata?.name !== undefined
}

function keyOf({ kind, metadata }: { readonly kind: string; readonly metadata: Manifest['metadata'] | null }): string {
  return `${kind}/${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`
}
