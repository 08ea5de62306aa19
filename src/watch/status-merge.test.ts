import { describe, expect, test } from 'vitest'
import { mergeStatus } from './status-merge.ts'

const now = () => '2026-01-01T00:00:00Z'
const then = '2025-01-01T00:00:00Z'
const accepted = { type: 'Accepted', status: 'True', reason: 'Accepted', message: 'm', observedGeneration: 1 }

describe('mergeStatus', () => {
  test('stamps new conditions with the time', () => {
    expect(mergeStatus(undefined, { conditions: [accepted] }, now)).toEqual({
      conditions: [{ ...accepted, lastTransitionTime: now() }],
    })
  })

  test('keeps the time while the status of a condition stays, whatever its message', () => {
    const existing = { conditions: [{ ...accepted, message: 'old', lastTransitionTime: then }] }
    expect(mergeStatus(existing, { conditions: [accepted] }, now)).toEqual({
      conditions: [{ ...accepted, lastTransitionTime: then }],
    })
  })

  test('a changed status has a new time', () => {
    const existing = { conditions: [{ ...accepted, status: 'False', lastTransitionTime: then }] }
    expect(mergeStatus(existing, { conditions: [accepted] }, now)).toMatchObject({
      conditions: [{ status: 'True', lastTransitionTime: now() }],
    })
  })

  test('conditions of other types stay, ours that are no longer reported go', () => {
    const foreign = { type: 'example.com/Audited', status: 'True', lastTransitionTime: then }
    const refused = { type: 'fairlead.dev/Refused', status: 'True', lastTransitionTime: then }
    const partial = { type: 'PartiallyInvalid', status: 'True', lastTransitionTime: then }
    const merged = mergeStatus({ conditions: [foreign, refused, partial] }, { conditions: [accepted] }, now)
    expect(merged).toEqual({ conditions: [foreign, { ...accepted, lastTransitionTime: now() }] })
  })

  test('parents of other controllers stay as they are, ours that are gone go', () => {
    const parent = (controllerName: string, name: string) => ({ controllerName, parentRef: { name }, conditions: [] })
    const existing = { parents: [parent('theirs', 'gw'), parent('ours', 'old')] }
    const merged = mergeStatus(existing, { parents: [parent('ours', 'gw')] }, now)
    expect(merged).toEqual({ parents: [parent('theirs', 'gw'), parent('ours', 'gw')] })
  })

  test('keeps the order that it finds, whoever made it', () => {
    const parent = (controllerName: string, name: string) => ({ controllerName, parentRef: { name }, conditions: [] })
    const existing = { parents: [parent('ours', 'b'), parent('theirs', 'a'), parent('ours', 'a')] }
    const merged = mergeStatus(existing, { parents: [parent('ours', 'a'), parent('ours', 'b')] }, now)
    expect(merged).toBe(existing)
  })

  test('conditions of listeners keep their times by the name of the listener', () => {
    const listener = (name: string, lastTransitionTime?: string) => ({
      name,
      conditions: [{ ...accepted, ...(lastTransitionTime === undefined ? {} : { lastTransitionTime }) }],
    })
    const merged = mergeStatus({ listeners: [listener('b', then)] }, { listeners: [listener('a'), listener('b')] }, now)
    expect(merged).toEqual({ listeners: [listener('a', now()), listener('b', then)] })
  })

  test('gives the very same status when nothing changes', () => {
    const existing = { conditions: [{ ...accepted, lastTransitionTime: then }], addresses: [] }
    expect(mergeStatus(existing, { conditions: [accepted], addresses: [] }, now)).toBe(existing)
  })
})
