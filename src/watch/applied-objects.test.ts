import { describe, expect, test } from 'vitest'
import { applierController, fleetObject } from '../testing/applier-rig.ts'
import { type ObservedObject, readObserved, stampObject } from './applied-object.ts'
import { AppliedObjects } from './applied-objects.ts'
import { FakeApi } from './fake-api.ts'
import type { KubeClient } from './kube-client.ts'

const stamped = stampObject(fleetObject('ConfigMap', 'edge'), applierController)
const key = 'ConfigMap/shop/edge-ours'

function applied(client: KubeClient): AppliedObjects {
  return new AppliedObjects({ client, fieldManager: 'fairlead', controllerName: applierController })
}

/** The object as the API server has it. */
function observed(api: FakeApi): ObservedObject {
  const found = readObserved('ConfigMap', api.get('ConfigMap', 'shop', 'edge-ours'), 'fairlead')
  if (found === undefined) throw new Error('there is no such object')
  return found
}

describe('AppliedObjects', () => {
  test('an event that is older than the answer to an apply is not taken', async () => {
    const api = new FakeApi()
    const objects = applied(api)
    await objects.apply(stamped)
    const old = observed(api)
    api.put({ ...api.get('ConfigMap', 'shop', 'edge-ours'), data: { of: 'somebody' } })
    expect(objects.observe(observed(api))).toBe(true)
    expect(objects.observe(old)).toBe(false)
    expect(objects.get(key)).toEqual(observed(api))
  })

  test('an object whose end the watch told before the answer to its apply came is not there', async () => {
    const api = new FakeApi()
    const answer = Promise.withResolvers<void>()
    const applies: unknown[] = []
    const objects = applied({
      send: async (request) => {
        const answered = await api.send(request)
        if (request.method === 'PATCH') {
          applies.push(request)
          await answer.promise
        }
        return answered
      },
      open: (request) => api.open(request),
      close: () => Promise.resolve(),
    })
    const outcome = objects.apply(stamped)
    await expect.poll(() => applies.length, { timeout: 20_000 }).toBe(1)
    objects.observe(observed(api))
    objects.forget(key)
    answer.resolve()
    expect(await outcome).toMatchObject({ kind: 'applied' })
    expect(objects.get(key)).toBeUndefined()
    expect(objects.look(stamped, false)).toBeUndefined()
  })
})
