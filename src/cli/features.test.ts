import { describe, expect, test } from 'vitest'
import { kinds } from '../api/kinds.ts'
import { gatewayApiKinds } from '../api/gen/schemas.ts'
import { fieldSupport } from '../translate/report/field-support.ts'
import { isServedKind } from '../watch/sources.ts'
import { runFeatures } from './features.ts'

function features(
  args: readonly string[],
  output = 'text',
): { readonly code: number; readonly out: string; readonly err: string } {
  let [out, err] = ['', '']
  const code = runFeatures({ output }, args, { out: (text) => (out += text), err: (text) => (err += text) })
  return { code, out, err }
}

describe('features', () => {
  test('lists each field with what becomes of it', () => {
    const { code, out } = features(['HTTPRoute'])
    expect(code).toBe(0)
    const lines = out.split('\n').map((line) => line.replace(/ +/g, ' '))
    expect(lines).toContain('programmed HTTPRoute spec.hostnames')
    expect(lines).toContain('refused HTTPRoute spec.rules[].sessionPersistence.** (experimental) is not supported yet')
    expect(lines).toContain(
      'refused HTTPRoute spec.rules[].filters[].extensionRef.** filter ExtensionRef is refused here',
    )
    expect(out).not.toContain('GRPCRoute')
  })

  test('prints JSON with the names of GEP-2162', () => {
    const report = JSON.parse(features([], 'json').out)
    expect(new Set(report.fields.map(({ kind }: { kind: string }) => kind))).toEqual(
      new Set(gatewayApiKinds.map(({ kind }) => kind)),
    )
    expect(report.supportedFeatures).toContain('HTTPRoute')
  })

  test('takes a kind in any case, as status does', () => {
    expect(features(['httproute', 'GATEWAY'])).toEqual(features(['Gateway', 'HTTPRoute']))
  })

  test('a kind that is not served is ignored as a whole', () => {
    expect(features(['TCPRoute']).out).toContain('the kind is valid but not served yet')
  })

  test('refuses a kind that the Gateway API does not have, and an unknown format', () => {
    expect(features(['Service']).code).toBe(2)
    expect(features([], 'xml').err).toBe('--output: "xml" is unknown; use text or json\n')
  })

  test('the kinds that are served are those in the table of fields', () => {
    const ofGatewayApi = kinds.filter(({ kind }) => gatewayApiKinds.some((crd) => crd.kind === kind))
    const served = ofGatewayApi.filter(isServedKind).map(({ kind }) => kind)
    expect(served.sort()).toEqual(Object.keys(fieldSupport).sort())
  })
})
