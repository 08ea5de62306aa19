import { afterEach, describe, expect, test } from 'vitest'
import type { EndpointSlice } from '../api/core.ts'
import { silentLogger } from '../lib/logger.ts'
import { freePort, get } from '../testing/envoy-rig.ts'
import { mustParse } from '../testing/pipeline-rig.ts'
import { SampleBackends } from './sample-backends.ts'

const backends = new SampleBackends(silentLogger())
afterEach(() => backends.stop())

function slice(
  port: number,
  address = '127.0.0.1',
  annotations: Readonly<Record<string, string>> = { 'fairlead.dev/sample-backend': 'one' },
): EndpointSlice {
  const object = mustParse({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace: 'shop', name: 's', annotations },
    addressType: 'IPv4',
    ports: [{ port }],
    endpoints: [{ addresses: [address] }],
  })
  if (object.kind !== 'EndpointSlice') throw new Error('no slice')
  return object
}

describe('SampleBackends', () => {
  test('answer with their name and what they were asked', async () => {
    const port = await freePort()
    await backends.follow([slice(port)])
    const { body } = await get(port, 'a.example', '/x?y=1', { 'x-canary': 'true' })
    expect(JSON.parse(body)).toMatchObject({
      service: 'one',
      method: 'GET',
      path: '/x?y=1',
      headers: { host: 'a.example', 'x-canary': 'true' },
    })
  })

  test('end with their slice', async () => {
    const port = await freePort()
    await backends.follow([slice(port)])
    await backends.follow([])
    expect((await get(port, 'a.example')).body).toBe('ECONNREFUSED')
  })

  test('never listen on an address that others reach, nor for a slice that does not ask', async () => {
    await backends.follow([slice(1, '10.0.0.1'), slice(await freePort(), '127.0.0.1', {})])
    expect(backends.places).toEqual([])
  })
})
