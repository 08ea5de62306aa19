import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { testCertificate } from '../testing/certificates.ts'
import { freePort, getTls, until } from '../testing/envoy-rig.ts'
import { answerRoute, badRoute, secret, TestStore, tlsListener } from '../testing/xds-resources.ts'
import { XdsRig } from '../testing/xds-rig.ts'

let rig: XdsRig
beforeEach(() => {
  rig = new XdsRig()
})
afterEach(() => rig.dispose())

function untilTls(port: number, servername: string, expected: string): Promise<string> {
  return until(
    () => getTls(port, servername),
    (seen) => seen === expected,
    { what: `${expected} for ${servername}` },
  )
}

function certificateFor(name: string) {
  return testCertificate({ dnsNames: [name] })
}

const garbage = { chain: 'no certificate', key: 'no key' }

describe('SDS and RDS on a real Envoy', () => {
  test('a secret that Envoy refuses at cold start harms its own chain only, until it is mended', async () => {
    const stock = new TestStore()
    const port = await freePort()
    const names = ['a.test', 'bad.test', 'c.test', 'd.test']
    stock.put([tlsListener('https', port, names), ...names.map((name) => answerRoute(name, name))])
    stock.put(names.map((name) => secret(name, name === 'bad.test' ? garbage : certificateFor(name))))
    const { port: xdsPort, feedback } = await rig.serve(stock)
    await rig.envoy({ xdsPort, gateway: stock.gateway })
    for (const name of ['a.test', 'c.test', 'd.test']) await untilTls(port, name, `${name} by ${name}`)
    expect(await getTls(port, 'bad.test')).toBe('ECONNRESET')
    const [refusal] = await until(
      () => feedback.refusals(),
      ({ length }) => length === 1,
    )
    expect(refusal).toMatchObject({ type: 'secret', name: 'bad.test' })
    expect(refusal?.message).toBe('Failed to load certificate chain from <inline>')
    stock.put([secret('bad.test', certificateFor('bad.test'))])
    await untilTls(port, 'bad.test', 'bad.test by bad.test')
    await until(
      () => feedback.refusals().length,
      (count) => count === 0,
    )
  })

  test('routes that Envoy refuses at cold start leave the others serving, and their hosts unknown', async () => {
    const stock = new TestStore()
    const port = await freePort()
    const names = Array.from({ length: 9 }, (_, index) => `h${index}.test`)
    const bad = ['h3.test', 'h4.test']
    stock.put([tlsListener('https', port, names), ...names.map((name) => secret(name, certificateFor(name)))])
    stock.put(names.map((name) => (bad.includes(name) ? badRoute(name) : answerRoute(name, 'good'))))
    const { port: xdsPort, feedback } = await rig.serve(stock)
    await rig.envoy({ xdsPort, gateway: stock.gateway })
    for (const name of names) await untilTls(port, name, `${bad.includes(name) ? '' : 'good'} by ${name}`)
    const refusals = await until(
      () => feedback.refusals(),
      ({ length }) => length === 2,
    )
    expect(refusals.map(({ name }) => name).sort()).toEqual(bad)
  })

  test('a refused change of a secret or of routes keeps the last good one serving', async () => {
    const stock = new TestStore()
    const port = await freePort()
    const names = ['a.test', 'b.test']
    stock.put([tlsListener('https', port, names), ...names.map((name) => answerRoute(name, 'one'))])
    stock.put(names.map((name) => secret(name, certificateFor(name))))
    const { port: xdsPort, feedback } = await rig.serve(stock)
    await rig.envoy({ xdsPort, gateway: stock.gateway })
    for (const name of names) await untilTls(port, name, `one by ${name}`)
    stock.put([secret('a.test', garbage), badRoute('a.test'), answerRoute('b.test', 'two')])
    stock.put([secret('b.test', certificateFor('renewed'))])
    await untilTls(port, 'b.test', 'two by renewed')
    await until(
      () => feedback.refusals().length,
      (count) => count === 2,
    )
    expect(await getTls(port, 'a.test')).toBe('one by a.test')
  })

  test('a listener opens though one of its secrets does not exist, and serves it when it appears', async () => {
    const stock = new TestStore()
    const port = await freePort()
    stock.put([tlsListener('https', port, ['a.test', 'later.test'])])
    stock.put([answerRoute('a.test', 'a'), secret('a.test', certificateFor('a.test'))])
    const { port: xdsPort } = await rig.serve(stock)
    await rig.envoy({ xdsPort, gateway: stock.gateway })
    await untilTls(port, 'a.test', 'a by a.test')
    expect(await getTls(port, 'later.test')).toBe('ECONNRESET')
    stock.put([answerRoute('later.test', 'late'), secret('later.test', certificateFor('later.test'))])
    await untilTls(port, 'later.test', 'late by later.test')
  })
})
