/** Which port a proxy binds for a port of a Gateway. */
import type { Platform } from '../contract.ts'

/** Ports below this one need a right that proxies in a cluster do not have. */
const firstUnprivileged = 1024

/** Added to a privileged port. */
const privilegedOffset = 10_000

/** `port` itself, but for privileged ports in a cluster. Names, redirects and routes speak of `port`. */
export function bindPort(port: number, { kind }: Platform): number {
  return kind === 'kubernetes' && port < firstUnprivileged ? port + privilegedOffset : port
}
