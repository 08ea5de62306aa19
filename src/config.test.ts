import { describe, expect, test } from 'vitest'
import type { UpFlags } from './cli/flags.ts'
import { parseDevCertificate, parseHostPort, readConfig } from './config.ts'

const flags: UpFlags = {
  file: ['routes'],
  xdsAddress: '127.0.0.1:18000',
  adminAddress: '127.0.0.1:19000',
  envoyAdminPort: '19001',
  concurrency: '1',
  stats: 'listed',
  logLevel: 'info',
  envoy: true,
  sampleBackends: false,
  devCertificate: [],
}
const surroundings = { isTerminal: false, controllerName: 'example.com/controller' }

describe('readConfig', () => {
  test('turns flags and environment into one frozen configuration', () => {
    const config = readConfig(flags, { PATH: '/bin', FAIRLEAD_CACHE: '/cache', FAIRLEAD_ENVOY: '/envoy' }, surroundings)
    expect(config).toEqual({
      ok: true,
      value: {
        paths: ['routes'],
        xds: { host: '127.0.0.1', port: 18000 },
        admin: { host: '127.0.0.1', port: 19000 },
        envoyAdminPort: 19001,
        runsEnvoys: true,
        concurrency: 1,
        stats: 'listed',
        logLevel: 'info',
        output: 'json',
        startsSampleBackends: false,
        devCertificates: [],
        controllerName: 'example.com/controller',
        cacheFolder: '/cache',
        envoyBinary: '/envoy',
        searchPath: '/bin',
      },
    })
    expect(config.ok && Object.isFrozen(config.value)).toBe(true)
  })

  test('says everything that is wrong at once', () => {
    const bad = {
      ...flags,
      xdsAddress: '18000',
      concurrency: '0',
      stats: 'some',
      logLevel: 'loud',
      devCertificate: ['x'],
    }
    expect(readConfig(bad, {}, surroundings)).toEqual({
      ok: false,
      error: [
        '--xds-address: "18000" is not an address; write it as 127.0.0.1:18000',
        '--concurrency: "0" is not a whole number from 1 to 1024',
        '--log-level: "loud" is unknown; use one of trace, debug, info, warn, error, fatal, silent',
        '--stats: "some" is unknown; use one of listed, all',
        '--dev-certificate: "x" must be NAMESPACE/NAME=HOST[,HOST...], as infra/edge-tls=shop.example.com',
      ],
    })
  })

  test('refuses to serve xDS, which is plain text, on an address that others reach', () => {
    const config = readConfig({ ...flags, xdsAddress: '0.0.0.0:18000' }, {}, surroundings)
    expect(config).toEqual({ ok: false, error: [expect.stringContaining('0.0.0.0 is not loopback')] })
  })
})

describe('parseHostPort', () => {
  test.each([
    ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
    ['[::1]:19000', { host: '::1', port: 19000 }],
    ['localhost:80', { host: 'localhost', port: 80 }],
  ])('reads %s', (text, value) => expect(parseHostPort(text)).toEqual({ ok: true, value }))

  test.each(['', '80', ':80', '::1:80', 'host:65536', 'host:-1'])('refuses "%s"', (text) => {
    expect(parseHostPort(text).ok).toBe(false)
  })
})

describe('parseDevCertificate', () => {
  test('reads the Secret and its hosts', () => {
    expect(parseDevCertificate('infra/tls=a.example, *.b.example')).toEqual({
      ok: true,
      value: { namespace: 'infra', name: 'tls', hosts: ['a.example', '*.b.example'] },
    })
  })
})
