/** Why an API server cannot be reached, in words that name the likely cause. */

const causes: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there; is the API server running, and is its address right?',
  ENOTFOUND: 'its host name has no address; is it spelt right, and does DNS work?',
  EAI_AGAIN: 'its host name cannot be looked up now; does DNS work?',
  EHOSTUNREACH: 'there is no way to its host; is a NetworkPolicy or a firewall in between?',
  ENETUNREACH: 'there is no way to its network',
  ETIMEDOUT: 'it does not answer; is a NetworkPolicy or a firewall in between?',
  UND_ERR_CONNECT_TIMEOUT: 'it does not answer; is a NetworkPolicy or a firewall in between?',
  ECONNRESET: 'the connection broke',
  EPIPE: 'the connection broke',
  UND_ERR_SOCKET: 'the connection broke',
  UND_ERR_BODY_TIMEOUT: 'the answer broke off',
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'its certificate is not from the CA that we know; is certificate-authority of another cluster?',
  SELF_SIGNED_CERT_IN_CHAIN:
    'its certificate is not from the CA that we know; is certificate-authority of another cluster?',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'its certificate is not from the CA that we know; is certificate-authority of another cluster?',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'its certificate is not from the CA that we know; is certificate-authority of another cluster?',
  CERT_SIGNATURE_FAILURE:
    'its certificate is not from the CA that we know; is certificate-authority of another cluster?',
  CERT_HAS_EXPIRED: 'its certificate has expired; or is the clock of this machine wrong?',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet; is the clock of this machine wrong?',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for other names; is tls-server-name missing?',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS; should the address begin with http://?',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'it wants a client certificate; is client-certificate missing?',
}

/** One line for an error of the network, with the code that the system gave. */
export function explainConnection(error: unknown, server: string): string {
  const code = codeOf(error)
  const message = error instanceof Error ? error.message : String(error)
  const cause = code === undefined ? undefined : causes[code]
  if (cause === undefined) return `no answer from ${server}: ${code === undefined ? message : `${code}, ${message}`}`
  return `no answer from ${server} (${code}): ${cause}`
}

/** The code of an error, of its cause, or of the first of those that it gathers, as for a host of two addresses. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if ('code' in error && typeof error.code === 'string') return error.code
  if (error instanceof AggregateError) return error.errors.map(codeOf).find((code) => code !== undefined)
  return codeOf(error.cause)
}
