import { describe, expect, test } from 'vitest'
import { parseResults, summarize } from './summary.ts'

const output = `=== RUN   TestConformance
=== RUN   TestConformance/HTTPRouteWeight
=== RUN   TestConformance/HTTPRouteWeight/Requests_should_be_split
=== RUN   TestConformance/HTTPRouteCORS
=== RUN   TestConformance/MeshPorts
=== RUN   TestConformance/HTTPRouteMatching
=== RUN   TestConformance/GatewayModifyListeners
--- FAIL: TestConformance (12.30s)
    --- PASS: TestConformance/HTTPRouteWeight (1.20s)
        --- PASS: TestConformance/HTTPRouteWeight/Requests_should_be_split (1.00s)
    --- SKIP: TestConformance/HTTPRouteCORS (0.00s)
    --- FAIL: TestConformance/MeshPorts (3.00s)
    --- PASS: TestConformance/HTTPRouteMatching (0.50s)
FAIL
`
const membership = {
  HTTPRouteWeight: { 'GATEWAY-HTTP': 'core' },
  HTTPRouteMatching: { 'GATEWAY-HTTP': 'core' },
  HTTPRouteCORS: { 'GATEWAY-HTTP': 'extended' },
  GatewayModifyListeners: { 'GATEWAY-HTTP': 'core', 'GATEWAY-GRPC': 'core' },
  MeshPorts: {},
} as const
const facts = { suite: 'v1.7.0', channel: 'experimental', profiles: ['GATEWAY-HTTP'], seconds: 12 }

describe('parseResults', () => {
  test('a test has the verdict of its own line, not of its subtests', () => {
    expect([...parseResults(output)]).toEqual([
      ['HTTPRouteWeight', 'passed'],
      ['HTTPRouteCORS', 'skipped'],
      ['MeshPorts', 'failed'],
      ['HTTPRouteMatching', 'passed'],
    ])
  })
})

describe('summarize', () => {
  test('counts tests by profile and level, and apart those of no profile', () => {
    const summary = summarize(output, membership, facts)
    expect(summary.profiles['GATEWAY-HTTP']?.extended).toEqual({ passed: 0, failed: 0, skipped: 1 })
    expect(summary.otherTests).toEqual({ passed: 0, failed: 1, skipped: 0 })
  })

  test('a test that began and did not end has failed', () => {
    const summary = summarize(output, membership, facts)
    expect(summary.profiles['GATEWAY-HTTP']?.core).toEqual({ passed: 2, failed: 1, skipped: 0 })
    expect(summary.failedTests).toEqual(['GatewayModifyListeners', 'MeshPorts'])
  })
})
