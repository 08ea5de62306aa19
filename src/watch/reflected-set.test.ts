import { describe, expect, test } from 'vitest'
import { ReflectedSet } from './reflected-set.ts'
import type { ApiObject } from './watch-event.ts'

function rig() {
  const told: string[] = []
  const set = new ReflectedSet(
    {
      upsert: ({ metadata }) => told.push(`set ${metadata.name}`),
      remove: (key, uid) => told.push(`remove ${key} ${uid}`),
    },
    { confirmMs: 100, maxUnconfirmedLoss: 2 },
  )
  return { told, set }
}

const object = (name: string, uid = 'u', resourceVersion = '1'): ApiObject => ({
  metadata: { name, uid, resourceVersion },
})

describe('ReflectedSet', () => {
  test('the same version of the same object is told once', () => {
    const { told, set } = rig()
    set.upsert(object('a'))
    set.upsert(object('a'))
    expect(told).toEqual(['set a'])
  })

  test('another object of that name and version is another one, as after a restored backup', () => {
    const { told, set } = rig()
    set.upsert(object('a', 'one'))
    set.upsert(object('a', 'two'))
    set.remove(object('a', 'two'))
    expect(told).toEqual(['set a', 'set a', 'remove /a two'])
  })

  test('what was never told is not removed', () => {
    const { told, set } = rig()
    set.remove(object('a'))
    expect(told).toEqual([])
  })

  test('a list without any of what was there is believed only later, whatever else it has', () => {
    const { told, set } = rig()
    for (const name of ['a', 'b', 'c']) set.upsert(object(name))
    set.beginList()
    set.upsert(object('d'))
    expect(set.endList(0)).toBe(false)
    expect(set.isDoubted).toBe(true)
    set.beginList()
    set.upsert(object('d'))
    expect(set.endList(99)).toBe(false)
    set.beginList()
    set.upsert(object('d'))
    expect(set.endList(100)).toBe(true)
    expect(told.slice(4)).toEqual(['remove /a u', 'remove /b u', 'remove /c u'])
  })

  test('a good list in between begins the doubt anew', () => {
    const { set } = rig()
    for (const name of ['a', 'b', 'c']) set.upsert(object(name))
    set.beginList()
    expect(set.endList(0)).toBe(false)
    set.beginList()
    for (const name of ['a', 'b', 'c']) set.upsert(object(name))
    expect(set.endList(50)).toBe(true)
    set.beginList()
    expect(set.endList(120)).toBe(false)
  })
})
