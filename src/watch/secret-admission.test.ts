import { describe, expect, test } from 'vitest'
import type { Secret } from '../api/core.ts'
import { Graph } from '../graph/graph.ts'
import { deleteSecret, setSecret } from './secret-admission.ts'

function secret(value: string): Secret {
  const metadata = { name: 'cert', namespace: 'default', generation: 0 }
  return { apiVersion: 'v1', kind: 'Secret', metadata, type: 'kubernetes.io/tls', data: { value } }
}

const check = ({ data }: Secret) => (data?.value === 'bad' ? 'it is bad' : undefined)

function rig() {
  const graph = new Graph({ schedule: () => {} })
  const secrets = graph.source<Secret>('secrets')
  const secretProblems = graph.source<string>('secretProblems')
  const set = (value: string) => {
    setSecret({ secrets, secretProblems }, secret(value), check)
    graph.flush()
    return [secrets.get('default/cert')?.data?.value, secretProblems.get('default/cert')]
  }
  return { graph, secrets, secretProblems, set }
}

describe('setSecret', () => {
  test('keeps the last good version when a bad one arrives and says why', () => {
    const { set } = rig()
    expect(set('good')).toEqual(['good', undefined])
    expect(set('bad')).toEqual(['good', 'it is bad'])
    expect(set('better')).toEqual(['better', undefined])
  })

  test('lets a first bad version in, so that its listener can name it', () => {
    expect(rig().set('bad')).toEqual(['bad', undefined])
  })

  test('a deleted Secret takes its problem with it', () => {
    const { graph, secrets, secretProblems, set } = rig()
    set('good')
    set('bad')
    deleteSecret({ secrets, secretProblems }, 'default/cert')
    graph.flush()
    expect([secrets.size, secretProblems.size]).toEqual([0, 0])
  })
})
