import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiServer, startApiServer } from './api-server.ts'

describe('startApiServer', () => {
  let server: ApiServer
  beforeAll(async () => {
    server = await startApiServer()
  })
  afterAll(() => server?.stop())

  test('what is applied can be read after the server crashed and came back', async () => {
    await server.apply('{apiVersion: v1, kind: ConfigMap, metadata: {name: kept, namespace: default}}')
    await server.crash()
    await expect(server.kubectl(['get', 'configmap', 'kept'])).rejects.toThrow('refused')
    await server.start()
    expect(await server.kubectl(['get', 'configmap', 'kept', '-o', 'name'])).toBe('configmap/kept\n')
  })

  test('definitions of the Gateway API are served when they were installed', async () => {
    await server.installGatewayApi()
    const kinds = await server.kubectl(['api-resources', '--api-group', 'gateway.networking.k8s.io', '-o', 'name'])
    expect(kinds).toContain('httproutes.gateway.networking.k8s.io\n')
    expect(kinds).toContain('tcproutes.gateway.networking.k8s.io\n')
  })

  test('a service account without roles may not read', async () => {
    const asked = ['auth', 'can-i', 'list', 'secrets', '--as', 'system:serviceaccount:default:nobody']
    await expect(server.kubectl(asked)).rejects.toThrow()
  })
})
