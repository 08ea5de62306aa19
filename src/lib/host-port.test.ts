import { describe, expect, test } from 'vitest'
import { formatHostPort } from './host-port.ts'

describe('formatHostPort', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1:80'],
    ['localhost', 'localhost:80'],
    ['::1', '[::1]:80'],
  ])('writes %s as %s, which a URL can hold', (host, address) => {
    expect(formatHostPort(host, 80)).toBe(address)
    expect(new URL(`http://${address}/`).port).toBe('')
  })
})
