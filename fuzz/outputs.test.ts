import { describe, expect, test } from 'vitest'
import { assemble } from '../src/cli/assembly.ts'
import { testCertificate } from '../src/testing/certificates.ts'
import { mustParse } from '../src/testing/pipeline-rig.ts'
import { differences, judgeHistory } from './outputs.ts'
import { settingsOf } from './plane.ts'
import { baseObjects } from './world.ts'

const objects = baseObjects(testCertificate()).map(mustParse)
const how = { settings: settingsOf.standalone, hasProxies: false }

describe('judgeHistory', () => {
  const assembly = assemble(how.settings, { schedule: () => {} })
  for (const object of objects) assembly.set(object)
  assembly.graph.flush()

  test('has nothing to say to the outputs of the objects that are there, however they are spelt', () => {
    const reversed = objects.map((object) => mustParse(Object.fromEntries(Object.entries(object).reverse())))
    expect(judgeHistory(assembly, how, reversed)).toEqual([])
  })

  test('names what is left of an object that is gone', () => {
    const withoutSibling = objects.filter(({ metadata }) => metadata.name !== 'sibling-wide')
    const messages = judgeHistory(assembly, how, withoutSibling).map(({ message }) => message)
    expect(messages).toContain('standalone: status|HTTPRoute/default/sibling-wide is there')
    expect(messages).toContainEqual(expect.stringMatching(/status\|Gateway\/default\/gw is another: .*attachedRoutes/))
  })
})

describe('differences', () => {
  test('says what is there, what is missing and where values part', () => {
    const expected = new Map([
      ['a', '1'],
      ['b', 'one two'],
      ['c', '3'],
    ])
    const found = new Map([
      ['b', 'one three'],
      ['c', '3'],
      ['d', '4'],
    ])
    expect(differences(expected, found)).toEqual([
      'a is missing',
      'b is another: "one two" became "one three"',
      'd is there',
    ])
  })
})
