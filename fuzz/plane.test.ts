import { describe, expect, test } from 'vitest'
import type { DesiredStatus } from '../src/translate/contract.ts'
import { judgeStatus, settingsOf } from './plane.ts'

const condition = { type: 'Accepted', status: 'True', reason: 'Accepted', message: 'fine', observedGeneration: 1 }

function said(...conditions: readonly object[]): readonly string[] {
  const desired: DesiredStatus = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GatewayClass',
    name: 'c',
    status: { conditions: conditions.map((changes) => ({ ...condition, ...changes })) },
  }
  return judgeStatus('GatewayClass//c', desired, settingsOf.standalone).map(({ message }) => message)
}

describe('judgeStatus', () => {
  test('has nothing to say to a status that an API server takes', () => {
    expect(said({})).toEqual([])
  })

  test.each([
    ['a reason that is no word', { reason: 'Not accepted' }, 'status.conditions[0].reason'],
    ['a status that is none', { status: 'Maybe' }, 'status.conditions[0].status'],
    ['a generation below zero', { observedGeneration: -1 }, 'status.conditions[0].observedGeneration'],
    ['a private key', { message: '-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49' }, 'private key'],
  ])('names %s', (_what, changes, expected) => {
    expect(said(changes)).toEqual([expect.stringContaining(expected)])
  })

  test('names a type that is there twice, and more conditions than fit', () => {
    expect(said({}, {})).toEqual([expect.stringContaining('status.conditions[1]')])
    expect(said(...Array.from({ length: 9 }, (_, index) => ({ type: `T${index}` })))).toContainEqual(
      expect.stringContaining('did not fit'),
    )
  })
})
