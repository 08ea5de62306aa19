/** Two installations whose controllers have one name: each takes every Gateway for its own. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { manifestsIn } from '../rig/api.ts'
import { conditionsOf } from '../rig/conditions.ts'
import { controlPlaneLog } from '../rig/control-plane.ts'
import { echoApp, gatewayApi, gatewayObject, routeObject } from '../rig/objects.ts'
import { Scene } from '../rig/scene.ts'
import { type Edge, reaches, startEdgeLoad } from '../rig/traffic.ts'
import { versionsDuring } from '../rig/writes.ts'

const namespace = 'rivals'
const rivalNamespace = 'rivals-second'
const host = 'shop.example.com'

/** What the second installation needs of its own; definitions, roles and the class are there. */
function rivalObjects() {
  const text = readFileSync(join(import.meta.dirname, '../../deploy/fairlead.yaml'), 'utf8')
  const kinds = ['ServiceAccount', 'Role', 'RoleBinding', 'ClusterRoleBinding', 'Service', 'Deployment']
  return manifestsIn(text.replaceAll('fairlead-system', rivalNamespace))
    .filter(({ kind }) => kinds.includes(kind))
    .map((object) =>
      object.kind === 'ClusterRoleBinding' ? { ...object, metadata: { name: rivalNamespace } } : object,
    )
}

describe('two controllers of one name', () => {
  let scene: Scene
  let rival: Scene
  let edge: Edge
  beforeAll(async () => {
    scene = await Scene.open(namespace)
    rival = await Scene.open(rivalNamespace)
    const backends = [{ name: 'shop' }]
    const route = routeObject({ namespace, name: 'shop', gateway: { name: 'edge' }, hostname: host, backends })
    await scene.api.apply([gatewayObject(namespace, 'edge'), route])
    await scene.run(echoApp({ namespace, name: 'shop' }))
    edge = { address: await scene.address('edge') }
    await reaches(edge, { host }, 'shop')
  })
  afterAll(async () => {
    // Without its rights it leaves the Gateways of other tests alone from now on.
    for (const object of rivalObjects()) if (object.kind === 'ClusterRoleBinding') await rival.api.delete(object)
    await Promise.all([scene.close(), rival.close()])
  })

  test('do not write one status, slow down over the fleet, say so, and fail no request', async () => {
    const since = new Date()
    const load = startEdgeLoad(edge, { host }, 'shop')
    await rival.run(rivalObjects())
    const complaints = async () => (await controlPlaneLog(since)).filter(({ level }) => level === 'warn')
    const complaint = { msg: 'somebody else keeps changing fields that we apply', owner: 'rivals/edge' }
    await expect.poll(complaints, { timeout: 20_000 }).toContainEqual(expect.objectContaining(complaint))
    const kinds = ['Gateway', 'HTTPRoute', 'GatewayClass'].map((kind) => ({ apiVersion: gatewayApi, kind }))
    const [statuses, fleets] = await Promise.all([
      versionsDuring(scene.api, 10_000, kinds),
      versionsDuring(scene.api, 10_000, [{ apiVersion: 'v1', kind: 'ConfigMap' }]),
    ])
    // What other tests left may still be on its way out; namespaces themselves get ConfigMaps from the cluster.
    const isOurs = (write: string) => write.startsWith('GatewayClass ') || write.includes(` ${namespace}/`)
    expect(statuses.filter(isOurs)).toEqual([])
    // Each of them a second, then two, four, eight seconds after the one before.
    const rewrites = fleets.filter((write) => write.includes(` ${namespace}/edge-`))
    expect(rewrites.length, rewrites.join('\n')).toBeLessThanOrEqual(10)
    const gateway = await scene.api.read(scene.ref('Gateway', 'edge'))
    expect(conditionsOf(gateway)).toMatchObject({ Accepted: 'True Accepted', Programmed: 'True Programmed' })
    const { failures } = await load.stop()
    expect(failures).toEqual([])
  })
})
