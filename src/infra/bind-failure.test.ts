import { describe, expect, test } from 'vitest'
import { explainBindFailure, parseBindFailure } from './bind-failure.ts'

function explained(message: string, owner?: string): string | undefined {
  const failure = parseBindFailure(message)
  return failure && explainBindFailure(failure, owner)
}

describe('a refused listener', () => {
  test.each([
    [
      "cannot bind '127.0.0.1:8080': Address already in use",
      'cannot bind 127.0.0.1:8080: EADDRINUSE, the port is taken by another program; stop that or choose another port',
    ],
    [
      "cannot bind '[::]:80': Permission denied",
      'cannot bind [::]:80: EACCES, only root may bind ports below 1024; choose another port',
    ],
    [
      "cannot bind '192.0.2.1:80': Cannot assign requested address",
      'cannot bind 192.0.2.1:80: EADDRNOTAVAIL, this machine does not have the address; correct spec.addresses',
    ],
  ])('%s is explained', (message, text) => expect(explained(message)).toBe(text))

  test('names who has the port', () => {
    expect(explained("cannot bind '127.0.0.1:80': Address already in use", '"nginx" (pid 7)')).toContain(
      'taken by "nginx" (pid 7)',
    )
  })

  test.each(['', "cannot bind '/run/x.sock': Address already in use", "cannot bind '1.2.3.4:80': No such device"])(
    'for another reason is left as it is: %j',
    (message) => expect(parseBindFailure(message)).toBeUndefined(),
  )
})
