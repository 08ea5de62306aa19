import { describe, expect, test } from 'vitest'
import type { ObjectSet, Step } from './finding.ts'
import { minimise } from './minimise.ts'

function set(name: string, spec: object): Step {
  return { do: 'set', object: { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'x' }, spec } }
}

const noise = [set('a', { x: [1, 2, 3] }), { do: 'tick' } as const, set('b', {})]
const guilty = set('c', { rules: [{ a: 1 }, { a: 2, bad: { value: 'é' } }, { a: 3 }], more: true })
const history: readonly ObjectSet[] = [
  { id: '1/0', steps: noise },
  { id: '1/1', steps: [...noise, guilty, ...noise] },
  { id: '1/2', steps: noise },
]

/** Whether the guilty value is there, before a certain other object. */
function isGuilty(candidate: readonly ObjectSet[]): boolean {
  const text = JSON.stringify(candidate)
  return text.includes('"bad":{"value":"é"}') && text.lastIndexOf('"name":"b"') > text.indexOf('"bad"')
}

describe('minimise', () => {
  test('leaves what it takes to fail and nothing else', async () => {
    const smallest = await minimise(history, async (candidate) => isGuilty(candidate))
    const [first, second, ...others] = smallest.flatMap(({ steps }) => steps)
    expect(others).toEqual([])
    expect(first).toMatchObject({ object: { metadata: { name: 'c' }, spec: { rules: [{ bad: { value: 'é' } }] } } })
    expect(JSON.stringify(first)).not.toMatch(/"a":|more|namespace/)
    expect(second).toMatchObject({ object: { metadata: { name: 'b' } } })
  })

  test('ends after its tries with something that fails', async () => {
    let tries = 0
    const smallest = await minimise(
      history,
      async (candidate) => {
        tries += 1
        return isGuilty(candidate)
      },
      5,
    )
    expect(tries).toBe(5)
    expect(isGuilty(smallest)).toBe(true)
  })
})
