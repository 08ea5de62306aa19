import { describe, expect, test } from 'vitest'
import { reportStatus } from './status-report.ts'

const condition = (type: string, status: string, reason: string, message: string) => ({ type, status, reason, message })

/** A Gateway with two listeners: the conditions of each, and those of the whole. */
function gateway(own: readonly object[], http: readonly object[], https: readonly object[]) {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    namespace: 'infra',
    name: 'edge',
    status: {
      conditions: own,
      listeners: [
        { name: 'http', attachedRoutes: 1, conditions: http },
        { name: 'https', attachedRoutes: 0, conditions: https },
      ],
    },
  }
}

const unbound = condition('Programmed', 'False', 'Invalid', 'cannot bind 127.0.0.1:8080: EADDRINUSE')
const noCertificate = condition('ResolvedRefs', 'False', 'InvalidCertificateRef', 'Secret infra/tls does not exist')
const derived = condition('Programmed', 'False', 'Invalid', 'the listener is not valid and serves nothing')

describe('reportStatus', () => {
  test('names a port that cannot be bound beside another listener without its certificate', () => {
    const report = reportStatus(gateway([unbound], [unbound], [derived, noCertificate]), undefined)
    expect(report.verdict).toBe('PROBLEM')
    expect(report.problems.map(({ message }) => message)).toEqual([unbound.message, noCertificate.message])
  })

  test('leaves out what only follows from another condition of the same listener', () => {
    const whole = condition('Programmed', 'False', 'Invalid', 'no listener can serve')
    const report = reportStatus(gateway([whole], [derived, noCertificate], []), undefined)
    expect(report.problems.map(({ message }) => message)).toEqual([noCertificate.message])
  })

  test('says that nothing is programmed when nothing else says why', () => {
    const whole = condition('Programmed', 'False', 'Invalid', 'no listener can serve')
    expect(reportStatus(gateway([whole], [], []), undefined).problems).toHaveLength(1)
  })
})
