import { describe, expect, test } from 'vitest'
import { Ledger } from './ledger.ts'

describe('Ledger', () => {
  test('the floor is the oldest epoch with something outstanding', () => {
    const ledger = new Ledger()
    expect(ledger.floor).toBe(Number.POSITIVE_INFINITY)
    for (const epoch of [3, 3, 5]) ledger.open(epoch)
    expect(ledger.floor).toBe(3)
    ledger.settle(3)
    expect(ledger.floor).toBe(3)
    ledger.settle(3)
    expect(ledger.floor).toBe(5)
    ledger.settle(5)
    expect(ledger.floor).toBe(Number.POSITIVE_INFINITY)
  })

  test('an older epoch may be opened after a newer one', () => {
    const ledger = new Ledger()
    for (const epoch of [7, 2, 5]) ledger.open(epoch)
    const floors = [2, 5, 7].map((epoch) => {
      const { floor } = ledger
      ledger.settle(epoch)
      return floor
    })
    expect(floors).toEqual([2, 5, 7])
  })
})
