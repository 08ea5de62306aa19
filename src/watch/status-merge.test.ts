import { describe, expect, test } from 'vitest'
import { hasEntryOf, type MergeOptions, mergeStatus } from './status-merge.ts'

const now = () => '2026-01-01T00:00:00Z'
const options: MergeOptions = { now, controllerName: 'ours' }
const then = '2025-01-01T00:00:00Z'
const accepted = { type: 'Accepted', status: 'True', reason: 'Accepted', message: 'm', observedGeneration: 1 }

describe('mergeStatus', () => {
  test('stamps new conditions with the time', () => {
    expect(mergeStatus(undefined, { conditions: [accepted] }, options)).toEqual({
      conditions: [{ ...accepted, lastTransitionTime: now() }],
    })
  })

  test('keeps the time while the status of a condition stays, whatever its message', () => {
    const existing = { conditions: [{ ...accepted, message: 'old', lastTransitionTime: then }] }
    expect(mergeStatus(existing, { conditions: [accepted] }, options)).toEqual({
      conditions: [{ ...accepted, lastTransitionTime: then }],
    })
  })

  test('a changed status has a new time', () => {
    const existing = { conditions: [{ ...accepted, status: 'False', lastTransitionTime: then }] }
    expect(mergeStatus(existing, { conditions: [accepted] }, options)).toMatchObject({
      conditions: [{ status: 'True', lastTransitionTime: now() }],
    })
  })

  test.each([
    ['False/Pending leaves True as it stands', 'False', 'Pending', 'True', 1],
    ['False/Invalid takes it back', 'False', 'Invalid', 'False', 2],
    ['True is of the newer generation', 'True', 'Programmed', 'True', 2],
  ])('Programmed: %s (docs/adr/0005)', (_title, status, reason, merged, generation) => {
    const former = { type: 'Programmed', status: 'True', reason: 'Programmed', observedGeneration: 1 }
    const existing = { conditions: [{ ...former, lastTransitionTime: then }] }
    const wanted = { ...former, status, reason, observedGeneration: 2 }
    const conditions = [{ status: merged, observedGeneration: generation }]
    expect(mergeStatus(existing, { conditions: [wanted] }, options)).toMatchObject({ conditions })
    const listeners = { listeners: [{ name: 'http', ...existing }] }
    const wantedListeners = { listeners: [{ name: 'http', conditions: [wanted] }] }
    expect(mergeStatus(listeners, wantedListeners, options)).toMatchObject({ listeners: [{ conditions }] })
  })

  test('Programmed: False/Pending takes the place of what is not True', () => {
    const former = { type: 'Programmed', status: 'Unknown', reason: 'Pending', lastTransitionTime: then }
    const wanted = { ...former, status: 'False', observedGeneration: 1 }
    expect(mergeStatus({ conditions: [former] }, { conditions: [wanted] }, options)).toMatchObject({
      conditions: [{ status: 'False', observedGeneration: 1 }],
    })
  })

  test('conditions of other types stay, ours that are no longer reported go', () => {
    const foreign = { type: 'example.com/Audited', status: 'True', lastTransitionTime: then }
    const refused = { type: 'fairlead.dev/Refused', status: 'True', lastTransitionTime: then }
    const partial = { type: 'PartiallyInvalid', status: 'True', lastTransitionTime: then }
    const merged = mergeStatus({ conditions: [foreign, refused, partial] }, { conditions: [accepted] }, options)
    expect(merged).toEqual({ conditions: [foreign, { ...accepted, lastTransitionTime: now() }] })
  })

  test('parents of other controllers stay as they are, ours that are gone go', () => {
    const parent = (controllerName: string, name: string) => ({ controllerName, parentRef: { name }, conditions: [] })
    const existing = { parents: [parent('theirs', 'gw'), parent('ours', 'old')] }
    const merged = mergeStatus(existing, { parents: [parent('ours', 'gw')] }, options)
    expect(merged).toEqual({ parents: [parent('theirs', 'gw'), parent('ours', 'gw')] })
  })

  test('keeps the order that it finds, whoever made it', () => {
    const parent = (controllerName: string, name: string) => ({ controllerName, parentRef: { name }, conditions: [] })
    const existing = { parents: [parent('ours', 'b'), parent('theirs', 'a'), parent('ours', 'a')] }
    const merged = mergeStatus(existing, { parents: [parent('ours', 'a'), parent('ours', 'b')] }, options)
    expect(merged).toBe(existing)
  })

  test('conditions of listeners keep their times by the name of the listener', () => {
    const listener = (name: string, lastTransitionTime?: string) => ({
      name,
      conditions: [{ ...accepted, ...(lastTransitionTime === undefined ? {} : { lastTransitionTime }) }],
    })
    const merged = mergeStatus(
      { listeners: [listener('b', then)] },
      { listeners: [listener('a'), listener('b')] },
      options,
    )
    expect(merged).toEqual({ listeners: [listener('a', now()), listener('b', then)] })
  })

  test('gives the very same status when nothing changes', () => {
    const existing = { conditions: [{ ...accepted, lastTransitionTime: then }], addresses: [] }
    expect(mergeStatus(existing, { conditions: [accepted], addresses: [] }, options)).toBe(existing)
  })

  describe.each([
    ['parents', 'parentRef'],
    ['ancestors', 'ancestorRef'],
  ])('%s', (list, reference) => {
    const entry = (controllerName: string, name: string) => ({ controllerName, [reference]: { name }, conditions: [] })

    test('the last entry of ours goes, too', () => {
      const existing = { [list]: [entry('ours', 'a'), entry('theirs', 'a')] }
      expect(mergeStatus(existing, { [list]: [] }, options)).toEqual({ [list]: [entry('theirs', 'a')] })
    })

    test('without anything desired ours go and the list, which the API demands, stays', () => {
      const existing = { [list]: [entry('ours', 'a')], other: 1 }
      expect(mergeStatus(existing, {}, options)).toEqual({ [list]: [], other: 1 })
      expect(hasEntryOf(existing, 'ours')).toBe(true)
      expect(hasEntryOf(existing, 'theirs')).toBe(false)
    })

    test('where nothing is ours nothing changes without anything desired', () => {
      const existing = { [list]: [entry('theirs', 'a')] }
      expect(mergeStatus(existing, {}, options)).toBe(existing)
    })

    test('foreign conditions in an entry of ours stay', () => {
      const foreign = { type: 'example.com/Audited', status: 'True', lastTransitionTime: then }
      const existing = { [list]: [{ ...entry('ours', 'a'), conditions: [foreign] }] }
      const merged = mergeStatus(existing, { [list]: [{ ...entry('ours', 'a'), conditions: [accepted] }] }, options)
      expect(merged).toMatchObject({ [list]: [{ conditions: [foreign, accepted] }] })
    })
  })

  test('a condition of a newer generation stays as it is', () => {
    const newer = { ...accepted, status: 'False', observedGeneration: 3, lastTransitionTime: then }
    expect(mergeStatus({ conditions: [newer] }, { conditions: [accepted] }, { ...options, generation: 3 })).toEqual({
      conditions: [newer],
    })
  })

  test('a condition of a generation that the object never had does not stay', () => {
    const absurd = { ...accepted, status: 'False', observedGeneration: 999, lastTransitionTime: then }
    const merged = mergeStatus({ conditions: [absurd] }, { conditions: [accepted] }, { ...options, generation: 1 })
    expect(merged).toEqual({ conditions: [{ ...accepted, lastTransitionTime: now() }] })
  })

  test('a full list keeps everything foreign and as many of ours as fit', () => {
    const parent = (controllerName: string, index: number) => ({
      controllerName,
      parentRef: { name: `gw-${index}` },
      conditions: [],
    })
    const theirs = Array.from({ length: 31 }, (_, index) => parent('theirs', index))
    const dropped: string[] = []
    const merged = mergeStatus(
      { parents: theirs },
      { parents: [parent('ours', 1), parent('ours', 2)] },
      { ...options, onDropped: (what) => dropped.push(what) },
    )
    expect(merged).toEqual({ parents: [...theirs, parent('ours', 1)] })
    expect(dropped).toEqual(['status.parents: 1 of 33'])
  })

  test('eight conditions is the most, foreign ones first', () => {
    const foreign = Array.from({ length: 7 }, (_, index) => ({ type: `example.com/C${index}`, status: 'True' }))
    const merged = mergeStatus(
      { conditions: foreign },
      { conditions: [accepted, { ...accepted, type: 'Programmed' }] },
      options,
    )
    expect(merged).toEqual({ conditions: [...foreign, { ...accepted, lastTransitionTime: now() }] })
  })

  test('a message longer than the API takes is cut', () => {
    const merged = mergeStatus({}, { conditions: [{ ...accepted, message: 'x'.repeat(40_000) }] }, options)
    expect(JSON.stringify(merged)).toContain(`${'x'.repeat(32_767)}…`)
  })
})
