import { describe, expect, test } from 'vitest'
import { encodeDeltaRequest } from '../envoy/discovery.ts'
import { measureRequest, RequestBudget } from './request-guard.ts'

const typeUrl = 'type.googleapis.com/envoy.config.cluster.v3.Cluster'
const names = (count: number) => Array.from({ length: count }, (_, index) => `name-${index}`)

describe('measureRequest', () => {
  test('counts names that are subscribed, dropped and known', () => {
    const initialResourceVersions = Object.fromEntries(names(30).map((name) => [name, 'v']))
    const request = { resourceNamesSubscribe: names(10), resourceNamesUnsubscribe: names(20), initialResourceVersions }
    expect(measureRequest(encodeDeltaRequest(request), 1_000)).toEqual({ ok: true, value: 60 })
  })

  test('counts empty names before they become objects', () => {
    const bytes = Buffer.alloc(2_000_000)
    for (let at = 0; at < bytes.length; at += 2) bytes[at] = 0x1a // Field 3, of length 0.
    expect(measureRequest(bytes, 200_000)).toEqual({ ok: false, error: 'a request may hold 200000 names' })
  })

  test('bounds a node and an error, and what is in an error', () => {
    const node = { id: 'a', metadata: { fields: { x: { stringValue: 'x'.repeat(600_000) } } } }
    expect(measureRequest(encodeDeltaRequest({ node, typeUrl }), 10)).toMatchObject({ ok: false })
    const errorDetail = { message: 'x'.repeat(5_000_000) }
    expect(measureRequest(encodeDeltaRequest({ errorDetail }), 10)).toMatchObject({ ok: false })
    const details = Array.from({ length: 2_000 }, () => ({}))
    expect(measureRequest(encodeDeltaRequest({ errorDetail: { details } }), 10)).toMatchObject({ ok: false })
    expect(measureRequest(encodeDeltaRequest({ errorDetail: { message: 'no', details: [{}] } }), 10)).toMatchObject({
      ok: true,
    })
  })

  test.each([
    ['nothing', []],
    ['a length beyond the end', [0x1a, 0x7f]],
    ['a length beyond all numbers', [0x1a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]],
    ['a varint without end', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ['a group', [0x1b, 0x1b, 0x1b]],
    ['a wire type that is none', [0x1e, 0x01]],
  ])('leaves %s to the decoder', (_title, bytes) => {
    expect(measureRequest(Buffer.from(bytes), 10)).toMatchObject({ ok: true })
  })
})

describe('RequestBudget', () => {
  test('lets a burst through, then 200 requests a second', () => {
    const budget = new RequestBudget(0)
    for (let count = 0; count < 5_000; count++) expect(budget.charge(0, 0)).toBe(0)
    expect(budget.charge(0, 0)).toBe(5)
    expect(budget.charge(0, 10)).toBe(0)
  })

  test('counts a hundred names as much as a request', () => {
    const budget = new RequestBudget(0)
    expect(budget.charge(400_000, 0)).toBe(0)
    expect(budget.charge(200_000, 0)).toBe(5_010)
  })

  test('does not count answers to what was sent', () => {
    const budget = new RequestBudget(0)
    for (let count = 0; count < 20_000; count++) {
      budget.allowAnswer()
      expect(budget.charge(0, 0)).toBe(0)
    }
  })

  test('saves up one burst and no more', () => {
    const budget = new RequestBudget(0)
    for (let count = 0; count < 5_000; count++) budget.charge(0, 3_600_000)
    expect(budget.charge(0, 3_600_000)).toBeGreaterThan(0)
  })
})
