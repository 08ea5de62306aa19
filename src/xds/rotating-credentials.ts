import { ServerCredentials } from '@grpc/grpc-js'

/** A certificate and its key, PEM. */
export interface ServingPair {
  readonly certPem: string
  readonly keyPem: string
}

/** Long enough for a loaded proxy, short for those who connect and say nothing. */
const handshakeTimeoutMs = 10_000

/** TLS 1.3 with a certificate that may come later and change; until it comes, connections are closed. */
export class RotatingCredentials extends ServerCredentials {
  constructor() {
    super({ handshakeTimeout: handshakeTimeoutMs })
  }

  /** From now on new connections see this certificate; those that stand are kept. */
  use({ certPem, keyPem }: ServingPair): void {
    this.updateSecureContextOptions({ cert: certPem, key: keyPem, minVersion: 'TLSv1.3' })
  }

  override _equals(other: ServerCredentials): boolean {
    return other === this
  }
}
