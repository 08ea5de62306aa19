import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { KeyMultimap } from './key-multimap.ts'

function content(map: KeyMultimap): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(Array.from(map.keys(), (key) => [key, [...map.members(key)].sort()]))
}

describe('KeyMultimap', () => {
  test('a member that is not there cannot be deleted, be there one or many', () => {
    const map = new KeyMultimap()
    map.add('k', 'a')
    expect([map.delete('k', 'b'), map.delete('other', 'a'), map.delete('k', 'a'), map.delete('k', 'a')]).toEqual([
      false,
      false,
      true,
      false,
    ])
    for (const member of ['a', 'b', 'c']) map.add('k', member)
    expect([map.delete('k', 'd'), map.count('k')]).toEqual([false, 3])
  })

  test('it behaves as a map of sets', () => {
    const letter = fc.constantFrom('a', 'b', 'c')
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), letter, letter), { size: '+1' }), (steps) => {
        const map = new KeyMultimap()
        const model = new Map<string, Set<string>>()
        for (const [isAdded, key, member] of steps) {
          const members = model.get(key) ?? new Set()
          if (isAdded) {
            expect(map.add(key, member)).toBe(!members.has(member))
            model.set(key, members.add(member))
          } else {
            expect(map.delete(key, member)).toBe(members.delete(member))
            if (members.size === 0) model.delete(key)
          }
          expect(content(map)).toEqual(
            Object.fromEntries(Array.from(model, ([at, held]) => [at, [...held].sort()] as const)),
          )
          expect([map.size, map.has(key), map.count(key), map.contains(key, member)]).toEqual([
            model.size,
            model.has(key),
            model.get(key)?.size ?? 0,
            model.get(key)?.has(member) ?? false,
          ])
          const target = new Set<string>()
          map.addMembersTo(key, target)
          expect(target).toEqual(model.get(key) ?? new Set())
        }
      }),
    )
  })
})
