import { subscribe } from 'node:diagnostics_channel'
import { Socket } from 'node:net'

const sockets = new Set<Socket>()
let ended = 0

/** Begins to count what this process writes to those who connect to it. */
export function countSentBytes(): void {
  subscribe('net.server.socket', (message) => {
    const socket = typeof message === 'object' && message !== null && 'socket' in message ? message.socket : undefined
    if (!(socket instanceof Socket)) return
    sockets.add(socket)
    socket.once('close', () => {
      sockets.delete(socket)
      ended += socket.bytesWritten
    })
  })
}

/** Bytes written so far to all who connected, framing of HTTP/2 and gRPC included. */
export function sentBytes(): number {
  let total = ended
  for (const socket of sockets) total += socket.bytesWritten
  return total
}
