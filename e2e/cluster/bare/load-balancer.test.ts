import { describe, expect, test } from 'vitest'
import { AddressPool, type LoadBalancedService } from './load-balancer.ts'

function service(name: string, more: { wish?: string; given?: string; type?: string } = {}): LoadBalancedService {
  return {
    metadata: { namespace: 'a', name },
    spec: { type: more.type ?? 'LoadBalancer', ...(more.wish !== undefined && { loadBalancerIP: more.wish }) },
    status: { loadBalancer: { ingress: more.given === undefined ? [] : [{ ip: more.given }] } },
  }
}

describe('AddressPool', () => {
  test('every Service has an address of its own, the lowest that is free', () => {
    const pool = new AddressPool()
    expect(pool.grant(service('one'))).toBe('10.89.1.10')
    expect(pool.grant(service('two'))).toBe('10.89.1.11')
    pool.release(service('one'))
    expect(pool.grant(service('three'))).toBe('10.89.1.10')
  })

  test('a Service that has an address keeps it, and nobody else gets it', () => {
    const pool = new AddressPool()
    expect(pool.grant(service('one', { given: '10.89.1.10' }))).toBeUndefined()
    expect(pool.grant(service('two'))).toBe('10.89.1.11')
  })

  test.each([
    ['of the network', '10.89.1.200', '10.89.1.200'],
    ['of another network', '192.0.2.1', undefined],
    ['that another Service has', '10.89.1.77', undefined],
  ])('the wish for an address %s', (_, wish, granted) => {
    const pool = new AddressPool()
    pool.grant(service('first', { given: '10.89.1.77' }))
    expect(pool.grant(service('one', { wish }))).toBe(granted)
  })

  test('a Service of another type gets none and gives its address back', () => {
    const pool = new AddressPool()
    pool.grant(service('one'))
    expect(pool.grant(service('one', { type: 'ClusterIP' }))).toBeUndefined()
    expect(pool.grant(service('two'))).toBe('10.89.1.10')
  })
})
