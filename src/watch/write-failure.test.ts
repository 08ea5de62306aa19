import { describe, expect, test } from 'vitest'
import { answerError, KubeError } from './kube-client.ts'
import { readFailure } from './write-failure.ts'

const answered = (status: number, message: string, retryAfterMs?: number) =>
  readFailure(answerError({ method: 'PATCH', path: '/x' }, { status, body: { message }, retryAfterMs }))

describe('readFailure', () => {
  test.each([
    [404, 'gone'],
    [410, 'gone'],
    [409, 'conflict'],
    [400, 'refused'],
    [413, 'refused'],
    [422, 'refused'],
    [401, 'unavailable'],
    [429, 'unavailable'],
    [500, 'unavailable'],
    [503, 'unavailable'],
  ])('%i is %s', (status, kind) => {
    expect(answered(status, 'm').kind).toBe(kind)
  })

  test.each([
    [
      'services is forbidden: User "x" cannot patch resource "services" in API group "" in the namespace "shop"',
      { kind: 'forbidden', message: 'ClusterRole fairlead lacks `patch` on services; add the verb' },
    ],
    [
      'deployments.apps "e" is forbidden: User "x" cannot delete resource "deployments" in API group "apps" in the namespace "shop"',
      { kind: 'forbidden', message: 'ClusterRole fairlead lacks `delete` on deployments of apps; add the verb' },
    ],
    [
      'services "e" is forbidden: exceeded quota: few',
      { kind: 'refused', message: 'services "e" is forbidden: exceeded quota: few' },
    ],
    [
      'admission webhook "policy.example.com" denied the request: no',
      { kind: 'refused', message: 'admission webhook "policy.example.com" denied the request: no' },
    ],
    [
      'services "e" is forbidden: unable to create new content in namespace shop because it is being terminated',
      { kind: 'terminating' },
    ],
  ])('403 is told apart by what it says: %s', (message, expected) => {
    expect(answered(403, message)).toEqual(expected)
  })

  test('another object in the place of the one with our uid is a conflict', () => {
    expect(answered(422, 'Service "e" is invalid: metadata.uid: Invalid value: "u": field is immutable')).toEqual({
      kind: 'conflict',
    })
  })

  test('no answer concerns everything, a broken webhook one object', () => {
    expect(readFailure(new KubeError('no connection', { status: 0 }))).toMatchObject({ everywhere: true })
    expect(answered(429, 'slow down', 2000)).toMatchObject({ everywhere: true, retryAfterMs: 2000 })
    expect(answered(500, 'failed calling webhook')).toMatchObject({ everywhere: false })
  })

  test('what is no answer of the API server is a bug', () => {
    expect(() => readFailure(new TypeError('x'))).toThrow(TypeError)
  })
})
