/** Why a proxy could not bind a port, for the person who can change that. */

/** What Envoy said about a port, understood. */
export interface BindFailure {
  readonly address: string
  readonly port: number
  readonly errno: 'EADDRINUSE' | 'EACCES' | 'EADDRNOTAVAIL'
}

const errnos: Readonly<Record<string, BindFailure['errno']>> = {
  'Address already in use': 'EADDRINUSE',
  'Permission denied': 'EACCES',
  'Cannot assign requested address': 'EADDRNOTAVAIL',
}

const form = /cannot bind '(?<address>.*):(?<port>\d+)': (?<why>[\w ]+)/

/** Reads Envoy's refusal of a listener; undefined when it is about something else. */
export function parseBindFailure(message: string): BindFailure | undefined {
  const { address, port, why } = form.exec(message)?.groups ?? {}
  const errno = why === undefined || !Object.hasOwn(errnos, why) ? undefined : errnos[why]
  return address === undefined || errno === undefined ? undefined : { address, port: Number(port), errno }
}

/** One line with errno, cause and remedy. `owner` is who has the port, as far as it is known. */
export function explainBindFailure({ address, port, errno }: BindFailure, owner: string | undefined): string {
  const what = `cannot bind ${address}:${port}: ${errno}`
  switch (errno) {
    case 'EADDRINUSE':
      return `${what}, the port is taken by ${owner ?? 'another program'}; stop that or choose another port`
    case 'EACCES':
      return `${what}, only root may bind ports below 1024; choose another port`
    case 'EADDRNOTAVAIL':
      return `${what}, this machine does not have the address; correct spec.addresses`
  }
}
