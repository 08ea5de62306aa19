/** What a login gives. */
export interface Credentials {
  /** Value of the header of that name. */
  readonly authorization?: string | undefined
  /** PEM of a client certificate and its key. */
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

/** Makes credentials in ways that a kubeconfig only names: programs, identity providers. Remembers them. */
export interface CredentialPlugin {
  credentials(): Promise<Credentials>
}
