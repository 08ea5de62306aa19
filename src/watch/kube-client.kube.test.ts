import { afterAll, beforeAll } from 'vitest'
import { silentLogger } from '../lib/logger.ts'
import { type ApiServer, startApiServer } from '../testing/api-server.ts'
import { kubeSuite } from '../testing/kube-suite.ts'
import { type ConnectedCluster, connectCluster } from './client.ts'

let server: ApiServer
let client: ConnectedCluster
beforeAll(async () => {
  server = await startApiServer()
  await server.installGatewayApi('standard')
  const connected = await connectCluster({ kubeconfig: server.kubeconfig, logger: silentLogger() })
  if (!connected.ok) throw new Error(connected.error)
  client = connected.value
}, 120_000)
afterAll(async () => {
  await client?.close()
  await server?.stop()
})

kubeSuite('API server', {
  client: () => client,
  // Its memory of events begins anew, at the objects as they are.
  forget: async () => {
    await server.crash()
    await server.start()
  },
})
