/** Lists of a real API server, streamed where its etcd is new enough, and in pages where it is not. */
import { afterEach, describe, expect, test, vi } from 'vitest'
import { silentLogger } from '../lib/logger.ts'
import { type ApiServer, startApiServer } from '../testing/api-server.ts'
import { type ConnectedCluster, connectCluster } from './client.ts'
import type { KubeRequest } from './kube-client.ts'
import { Reflector } from './reflector.ts'

const path = '/api/v1/services'
const service = (name: string) => `
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: default }
spec: { ports: [{ port: 80 }] }
---
`

let server: ApiServer | undefined
let client: ConnectedCluster | undefined
let reflector: Reflector | undefined
afterEach(async () => {
  await reflector?.close()
  await client?.close()
  await server?.stop()
})

async function connect({ kubeconfig }: ApiServer): Promise<ConnectedCluster> {
  const connected = await connectCluster({ kubeconfig, logger: silentLogger() })
  if (!connected.ok) throw new Error(connected.error)
  return connected.value
}

/** What one reflector asked for, and has. */
function follow(over: ConnectedCluster) {
  const requests: KubeRequest[] = []
  const names = new Set<string>()
  const states: string[] = []
  const noted = <T>(request: KubeRequest, answer: (request: KubeRequest) => T): T => {
    requests.push(request)
    return answer(request)
  }
  reflector = new Reflector({
    client: {
      send: (request) => noted(request, over.send.bind(over)),
      open: (request) => noted(request, over.open.bind(over)),
      close: () => Promise.resolve(),
    },
    path,
    logger: silentLogger(),
    sink: {
      upsert: ({ metadata }) => names.add(metadata.name),
      remove: (key) => names.delete(key.replace('default/', '')),
      state: ({ kind }) => states.push(kind),
    },
  })
  reflector.start()
  const kinds = () => requests.map(({ query }) => (query?.watch === undefined ? 'page' : 'watch'))
  return { names, states, kinds }
}

describe('a list of a real API server', () => {
  test.each([
    ['that can stream it is streamed, and the same connection goes on as the watch', 'streaming'],
    ['comes whole, whatever its etcd can', 'any'],
  ])('%s', async (_, which) => {
    server = await startApiServer(which === 'streaming' ? { etcd: process.env.FAIRLEAD_STREAMING_ETCD } : {})
    await server.apply(['a', 'b', 'c'].map(service).join(''))
    client = await connect(server)
    const { names, states, kinds } = follow(client)
    await vi.waitFor(() => expect(states.at(-1)).toBe('synced'), { timeout: 30_000 })
    expect([...names].sort()).toEqual(['a', 'b', 'c', 'kubernetes'])
    await server.kubectl(['delete', 'service', 'b'])
    await server.apply(service('d'))
    await vi.waitFor(() => expect([...names].sort()).toEqual(['a', 'c', 'd', 'kubernetes']), { timeout: 30_000 })
    if (which === 'streaming') expect(kinds()).toEqual(['watch'])
  })
})
