import { describe, expect, test } from 'vitest'
import { hashContent } from '../lib/hash.ts'
import { decodeMessage } from './encode.ts'
import { frameOf, makeResource, resourceOfBytes } from './resource.ts'

describe('makeResource', () => {
  test('encodes the message of its kind and hashes the bytes', () => {
    const cluster = makeResource('cluster', 'web', { name: 'web', edsClusterConfig: { serviceName: 'w' } })
    expect(decodeMessage('envoy.config.cluster.v3.Cluster', cluster.bytes).edsClusterConfig?.serviceName).toBe('w')
    expect(cluster).toMatchObject({ type: 'cluster', name: 'web', version: hashContent(cluster.bytes) })
  })

  test('has the same version for equal content and another for other content', () => {
    const make = (weight: number) =>
      makeResource('endpoint', 'web', { clusterName: 'web', endpoints: [{ loadBalancingWeight: { value: weight } }] })
    expect(make(1).version).toBe(make(1).version)
    expect(make(1).version).not.toBe(make(2).version)
  })

  test('keeps clusters and origins outside the content', () => {
    const facts = { clusters: ['web'], origins: ['HTTPRoute/default/web'] }
    const scope = makeResource('scoped-route', 's', { name: 's' }, facts)
    expect(scope).toMatchObject(facts)
    expect(scope.version).toBe(makeResource('scoped-route', 's', { name: 's' }).version)
  })

  test('shares memory with its frame and with nothing else', () => {
    const resource = makeResource('scoped-route', 's', { name: 's' })
    const frame = frameOf(resource)
    expect(frame.buffer.byteLength).toBe(frame.length)
    expect(resource.bytes.buffer).toBe(frame.buffer)
  })

  test('refuses the message of another kind at compile time', () => {
    // @ts-expect-error: virtual hosts are not part of a cluster
    makeResource('cluster', 'web', { virtualHosts: [] })
  })
})

describe('resourceOfBytes', () => {
  test('equals the resource that was encoded', () => {
    const made = makeResource('route', 'r', { name: 'r' }, { origins: ['a'] })
    expect(resourceOfBytes('route', 'r', made.bytes, { origins: ['a'] })).toEqual(made)
  })
})
