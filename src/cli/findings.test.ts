import { afterEach, describe, expect, test, vi } from 'vitest'
import { CliRig, goodManifests } from '../testing/cli-rig.ts'
import { openNotices } from './findings.ts'
import { translateFiles } from './translation.ts'

const rigs: CliRig[] = []

afterEach(() => {
  for (const rig of rigs.splice(0)) rig.remove()
})

/** Three objects that nothing serves, behind `lines` empty lines. */
function unserved(lines: number) {
  const routes = ['a', 'b', 'c'].map(
    (name) =>
      `apiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata: { name: ${name} }\nspec: { parentRefs: [{ name: gw }] }\n`,
  )
  const rig = new CliRig({ 'good.yaml': goodManifests, 'unserved.yaml': '\n'.repeat(lines) + routes.join('---\n') })
  rigs.push(rig)
  return translateFiles([rig.root], 'fairlead.dev/gateway-controller')
}

describe('openNotices', () => {
  test('reads no file until a place is asked for, so that many warnings cost an edit nothing', () => {
    const translation = unserved(0)
    const looks = [...translation.objects.values()].map((object) => vi.spyOn(object, 'position'))
    const notices = [...openNotices(translation).values()]
    const asked = () => looks.reduce((sum, look) => sum + look.mock.calls.length, 0)
    expect([notices.length, asked()]).toEqual([3, 0])
    expect(notices[1]?.locate()).toMatchObject({ line: 6, object: { name: 'b' } })
    expect(asked()).toBe(1)
  })

  test('gives a notice the same key when only lines move: it is no news', () => {
    expect([...openNotices(unserved(7)).keys()]).toEqual([...openNotices(unserved(0)).keys()])
  })
})
