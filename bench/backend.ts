/**
 * The backend of all Services, in a process of its own: answers every request with 200 and two bytes, as cheaply as
 * Node can. Sends its port to the parent.
 */
import { createServer } from 'node:net'

const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
const HEAD_END = '\r\n\r\n'

const server = createServer({ noDelay: true }, (socket) => {
  let received = ''
  socket.setEncoding('latin1')
  socket.on('error', () => socket.destroy())
  socket.on('data', (text) => {
    received += String(text)
    for (let end = received.indexOf(HEAD_END); end >= 0; end = received.indexOf(HEAD_END)) {
      received = received.slice(end + HEAD_END.length)
      socket.write(ANSWER, 'latin1')
    }
  })
})
// Endpoints of the workload are several loopback addresses with one port.
server.listen(0, '0.0.0.0', () => process.send?.(server.address()))
process.on('disconnect', () => process.exit())
