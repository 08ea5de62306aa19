import { describe, expect, test } from 'vitest'
import { makeResource } from '../envoy/resource.ts'
import { edsCluster } from '../testing/xds-resources.ts'
import { endpointsNameOf } from './cluster-endpoints.ts'

describe('endpointsNameOf', () => {
  test('an EDS cluster asks by its service name, else by its own', () => {
    expect(endpointsNameOf(edsCluster('c', { serviceName: 's' }))).toBe('s')
    expect(endpointsNameOf(edsCluster('c'))).toBe('c')
  })

  test('any other cluster asks for none', () => {
    expect(endpointsNameOf(makeResource('cluster', 'c', { name: 'c', type: 0 }))).toBeUndefined()
    expect(endpointsNameOf(makeResource('cluster', 'c', { name: 'c' }))).toBeUndefined()
  })
})
