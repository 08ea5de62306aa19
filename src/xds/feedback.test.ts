import { describe, expect, test } from 'vitest'
import { type Delivery, Feedback, type Refusal } from './feedback.ts'

const key = { gateway: 'a/b', type: 'cluster', name: 'c' } as const
const refusal: Refusal = { ...key, version: '1', message: 'no', origins: ['Service/a/c'] }

function recorded() {
  const written: string[] = []
  const sink = <V>(name: string, show: (value: V) => string) => ({
    set: (at: string, value: V) => void written.push(`${name} ${at} = ${show(value)}`),
    delete: (at: string) => void written.push(`${name} ${at} gone`),
  })
  const feedback = new Feedback({
    refusals: sink<Refusal>('refusal', ({ message }) => message),
    deliveries: sink<Delivery>('delivery', ({ connected, synced }) => `${connected} ${synced}`),
  })
  return { feedback, written }
}

describe('refusals', () => {
  test('are told once, however many proxies refuse', () => {
    const { feedback, written } = recorded()
    feedback.refused('n1', refusal)
    feedback.refused('n2', refusal)
    expect(written).toEqual(['refusal a/b|cluster|c = no'])
  })

  test.each<[string, string, string, boolean]>([
    ['a later version is taken by any proxy', 'n2', '2', true],
    ['the same proxy takes what it refused', 'n1', '1', true],
    ['another proxy takes what this one refused', 'n2', '1', false],
  ])('when %s: gone is as expected', (_title, node, version, isGone) => {
    const { feedback, written } = recorded()
    feedback.refused('n1', refusal)
    feedback.accepted(node, key, version)
    expect(feedback.hasRefusals).toBe(!isGone)
    expect(written.at(-1) === 'refusal a/b|cluster|c gone').toBe(isGone)
  })

  test('go with the resource', () => {
    const { feedback, written } = recorded()
    feedback.refused('n1', refusal)
    feedback.gone(key)
    feedback.gone(key)
    expect(written).toEqual(['refusal a/b|cluster|c = no', 'refusal a/b|cluster|c gone'])
  })
})

describe('deliveries', () => {
  test('count proxies, and a lost connection does not take synced back', () => {
    const { feedback, written } = recorded()
    const [first, second] = [{}, {}]
    feedback.connected('a/b', first)
    feedback.synced('a/b', first)
    feedback.connected('a/b', second)
    feedback.synced('a/b', second)
    feedback.disconnected('a/b', first)
    feedback.disconnected('a/b', second)
    expect(written.map((line) => line.replace('delivery a/b = ', ''))).toEqual([
      '1 false',
      '1 true',
      '2 true',
      '1 true',
      '0 true',
    ])
  })

  test('speak of what every proxy has taken that is neither new nor late, and never of less than before', () => {
    const { feedback } = recorded()
    const [first, second, third] = [{}, {}, {}]
    const revision = (sequence: number) => ({ sequence, label: `r${sequence}` })
    const said = () => feedback.delivery('a/b').revision
    feedback.connected('a/b', first)
    feedback.took('a/b', first, revision(1))
    expect(said()).toBeUndefined()
    feedback.synced('a/b', first)
    expect(said()).toBe('r1')
    feedback.connected('a/b', second)
    feedback.took('a/b', first, revision(2))
    expect(said()).toBe('r2')
    feedback.synced('a/b', second)
    feedback.took('a/b', second, revision(1))
    expect(said()).toBe('r2')
    feedback.took('a/b', first, revision(3))
    expect(said()).toBe('r2')
    feedback.late('a/b', second)
    expect(said()).toBe('r3')
    feedback.took('a/b', second, revision(3))
    feedback.late('a/b', first)
    feedback.late('a/b', second)
    feedback.disconnected('a/b', first)
    feedback.disconnected('a/b', second)
    expect(said()).toBe('r3')
    feedback.connected('a/b', third)
    expect(said()).toBe('r3')
  })

  test('of proxies that were made for another one of that name say nothing of this one', () => {
    const { feedback } = recorded()
    const revision = (sequence: number, ownerUid: string) => ({ sequence, label: `${ownerUid}/1`, ownerUid })
    const [old, own, unknown] = [{}, {}, {}]
    feedback.connected('a/b', old, 'first')
    feedback.synced('a/b', old)
    feedback.took('a/b', old, revision(1, 'first'))
    expect(feedback.delivery('a/b')).toMatchObject({ connected: 1, revision: 'first/1' })
    feedback.took('a/b', old, revision(2, 'second'))
    expect(feedback.delivery('a/b')).toMatchObject({ connected: 0, revision: 'first/1' })
    feedback.connected('a/b', own, 'second')
    feedback.synced('a/b', own)
    feedback.took('a/b', own, revision(2, 'second'))
    expect(feedback.delivery('a/b')).toMatchObject({ connected: 1, revision: 'second/1' })
    feedback.connected('a/b', unknown)
    expect(feedback.delivery('a/b').connected).toBe(2)
  })

  test('of a Gateway that is made again under its name stay when a proxy of the former one goes', () => {
    const { feedback, written } = recorded()
    const proxy = {}
    feedback.connected('a/b', proxy)
    feedback.forget('a/b')
    feedback.took('a/b', proxy, { sequence: 1, label: 'next' })
    feedback.disconnected('a/b', proxy)
    expect(written.at(-1)).toBe('delivery a/b = 0 false')
  })

  test('of a Gateway that is gone are forgotten once no proxy is connected', () => {
    const { feedback, written } = recorded()
    const proxy = {}
    feedback.connected('a/b', proxy)
    feedback.forget('a/b')
    expect(feedback.delivery('a/b').connected).toBe(1)
    feedback.disconnected('a/b', proxy)
    expect(written.at(-1)).toBe('delivery a/b gone')
  })
})
