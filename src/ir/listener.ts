import type { GatewayKey, Host, SecretName, TableName } from './names.ts'

/** One bound port of a Gateway. All its chains speak the same protocol. */
export interface Listener {
  readonly gateway: GatewayKey
  /** As the Gateway says it: names and tables are of this port. */
  readonly port: number
  /** Where the proxy binds it; differs where it has no right to bind `port`. */
  readonly bindPort: number
  /** Addresses to bind; empty: every address of both families. */
  readonly addresses: readonly string[]
  /** One for a plain-HTTP port, one per listener entry for HTTPS; sorted by name. */
  readonly chains: readonly FilterChain[]
}

/** A filter chain and where its routes come from. */
export interface FilterChain {
  /** Name of the listener entry for TLS, `http` for the one chain of a plain port. */
  readonly name: string
  readonly table: TableName
  /** Present exactly on HTTPS ports. */
  readonly tls?: TlsTermination | undefined
  /** `scopes`: by scope header, with the stub fallback; `table`: one plain route configuration for one exact host. */
  readonly routes: 'scopes' | 'table'
  /**
   * Set when the table of scopes has this one host, `*` or a wildcard: its scope is then asked at once, without the
   * detour of a miss, which costs a request 6 us of CPU. A second host changes the chain.
   */
  readonly soleHost?: Host | undefined
}

/** Terminates TLS for `serverName` (`*` when the listener has no hostname) with these certificates. */
export interface TlsTermination {
  readonly serverName: Host
  readonly certificates: readonly SecretName[]
}
