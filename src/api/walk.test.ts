import { expect, test, vi } from 'vitest'
import { Walk } from './walk.ts'

test('advice is looked for only for the unknown fields that are listed', () => {
  const remedyForUnknown = vi.fn(() => 'remove it')
  const walk = new Walk({ remedyForUnknown })
  for (let index = 0; index < 1_000; index++) walk.unknownField(`f${index}`)
  expect(remedyForUnknown).toHaveBeenCalledTimes(100)
  expect(walk.finish()).toHaveLength(101)
  expect(walk.finish().at(-1)?.message).toBe('900 more problems in this object')
})
