import { describe, expect, test } from 'vitest'
import type { XdsType } from '../envoy/types.ts'
import { type Culprit, culpritsOf, isBindFailure } from './nack.ts'

describe('culpritsOf', () => {
  test.each<[string, XdsType, string, readonly string[], readonly Culprit[]]>([
    [
      'two clusters among three',
      'cluster',
      'Error adding/updating cluster(s) a/b/80: no LB, c/d/80: no endpoints',
      ['a/b/80', 'x/y/80', 'c/d/80'],
      [
        { name: 'a/b/80', message: 'no LB' },
        { name: 'c/d/80', message: 'no endpoints' },
      ],
    ],
    [
      'listeners, one to a line, of which one message has lines of its own',
      'listener',
      "Error adding/updating listener(s) g/80: cannot bind '0.0.0.0:80': Permission denied\ng/81: debug\nroute {\n}\n: bad\n",
      ['g/80', 'g/81', 'g/82'],
      [
        { name: 'g/80', message: "cannot bind '0.0.0.0:80': Permission denied" },
        { name: 'g/81', message: 'debug\nroute {\n}\n: bad' },
      ],
    ],
    [
      'a name that is the beginning of another',
      'cluster',
      'Error adding/updating cluster(s) a/80/h2c: bad',
      ['a/80', 'a/80/h2c'],
      [{ name: 'a/80/h2c', message: 'bad' }],
    ],
    [
      'a name that a message only mentions',
      'cluster',
      "Error adding/updating cluster(s) a: cluster 'b: x' is unknown",
      ['a', 'b'],
      [{ name: 'a', message: "cluster 'b: x' is unknown" }],
    ],
    [
      'a name that is told of twice, at its first place',
      'cluster',
      'Error adding/updating cluster(s) a: one, b: two, a: three',
      ['b', 'a'],
      [
        { name: 'a', message: 'one' },
        { name: 'b', message: 'two, a: three' },
      ],
    ],
    ['a message about the whole response', 'cluster', 'Proto constraint validation failed', ['a'], []],
    ['a type that is taken all or nothing', 'scoped-route', 'Error adding/updating cluster(s) a: b', ['a'], []],
  ])('%s', (_title, type, message, names, culprits) => {
    expect(culpritsOf(type, message, names)).toEqual(culprits)
  })

  const many = Array.from({ length: 10_000 }, (_, index) => `namespace/service-${index}/8080`)

  test('ten thousand refused at once are all named', () => {
    const message = `Error adding/updating cluster(s) ${many.map((name) => `${name}: no endpoints`).join(', ')}`
    const culprits = culpritsOf('cluster', message, many)
    expect(culprits.map(({ name }) => name)).toEqual(many)
    expect(new Set(culprits.map(({ message: complaint }) => complaint))).toEqual(new Set(['no endpoints']))
  })

  test('a message that is longer than its resources can make it names none', () => {
    const start = 'Error adding/updating cluster(s) namespace/service-1/8080: '
    expect(culpritsOf('cluster', start + 'a'.repeat(900_000), many)).toHaveLength(1)
    expect(culpritsOf('cluster', start + 'a'.repeat(1_000_000), many)).toEqual([])
  })
})

describe('isBindFailure', () => {
  test.each<[XdsType, string, boolean]>([
    ['listener', "cannot bind '127.0.0.1:80': Address already in use", true],
    ['listener', "cannot bind '127.0.0.1:80': Permission denied", true],
    ['listener', "error adding listener '0.0.0.0:80': no filter chains specified", false],
    ['cluster', "cannot bind '127.0.0.1:80'", false],
  ])('%s: %s is %s', (type, message, expected) => {
    expect(isBindFailure(type, message)).toBe(expected)
  })
})
