import { describe, expect, test } from 'vitest'
import { gatewayKey, type Host, tableName } from '../../ir/names.ts'
import type { GatewayListener } from '../attach/listeners.ts'
import { assembleListener } from './assemble.ts'

const gateway = gatewayKey('default', 'gw')
const wildcard = '*.example.com' as Host

function https(name: string, host: string): { readonly key: string; readonly value: GatewayListener } {
  const value: GatewayListener = {
    gateway,
    namespace: 'default',
    name,
    port: 443,
    bindPort: 443,
    protocol: 'HTTPS',
    host: host as Host,
    table: tableName(443, name),
    namespaces: { from: 'Same' },
    supportedKinds: [],
    certificates: [],
    accepted: true,
    serves: true,
  }
  return { key: name, value }
}

function soleHosts(...members: readonly ReturnType<typeof https>[]): readonly (Host | undefined)[] {
  return assembleListener(gateway, members, [], () => wildcard).chains.map(({ soleHost }) => soleHost)
}

describe('assembleListener', () => {
  test('a chain with one wildcard asks its scope at once', () => {
    expect(soleHosts(https('wild', wildcard))).toEqual([wildcard])
  })

  test('beside other chains it searches, so that a host of theirs is answered 421 (RFC 9110 15.5.20)', () => {
    expect(soleHosts(https('wild', wildcard), https('own', 'own.example.com'))).toEqual([undefined, undefined])
  })
})
