/** `127.0.0.1:80`, `[::1]:80`: a host and a port as one address (RFC 3986 3.2.2). */
export function formatHostPort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
