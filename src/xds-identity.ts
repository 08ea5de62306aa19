/** What proxies know the control plane by: the authority of its cluster, and its own certificate. */
import { type ServingCertificate, signServing, trustBundle, type XdsAuthority } from './ca/xds-authority.ts'
import type { Logger } from './lib/logger.ts'
import { Backoff } from './watch/backoff.ts'
import type { KubeClient } from './watch/kube-client.ts'
import { RotatingCredentials } from './xds/rotating-credentials.ts'
import { type EnsuredAuthority, ensureXdsAuthority, xdsSecretName } from './xds-secret.ts'

/** What proxies must be told. */
export interface XdsTrust {
  readonly caPem: string
  /** @see FleetSettings.drainSecret */
  readonly drainSecret: string
}

/** Where the authority is kept, and for which names the certificate is. */
export interface XdsIdentityOptions {
  readonly client: KubeClient
  /** Namespace of the control plane. */
  readonly namespace: string
  /** Names of the certificate. */
  readonly dnsNames: readonly string[]
  /** Told when there is something to trust, and when that changes. */
  readonly onTrust: (trust: XdsTrust) => void
  readonly logger: Logger
  /** In ms since 1970 UTC. Default: Date.now. */
  readonly now?: (() => number) | undefined
}

/** The Secret is looked at this often: it may have been deleted, damaged, or renewed by another replica. */
const lookMs = 600_000

/** Keeps both up to date. Every replica has a certificate of its own, in memory; the authority is in one Secret. */
export class XdsIdentity {
  /** For the xDS server. */
  readonly credentials = new RotatingCredentials()
  /** Resolves once proxies can be served. */
  readonly ready: Promise<void>
  readonly #options: XdsIdentityOptions
  readonly #now: () => number
  readonly #backoff = new Backoff()
  readonly #settleReady: () => void
  #authority: XdsAuthority | undefined
  #serving: ServingCertificate | undefined
  #problem: string | undefined = 'not read yet'
  #timer: NodeJS.Timeout | undefined
  #isStopped = false

  constructor(options: XdsIdentityOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    const { promise, resolve } = Promise.withResolvers<void>()
    this.ready = promise
    this.#settleReady = resolve
  }

  /** Why proxies cannot be served yet; undefined when they can. */
  get missing(): string | undefined {
    const { namespace } = this.#options
    return this.#serving === undefined ? `Secret ${namespace}/${xdsSecretName}: ${this.#problem}` : undefined
  }

  /** Looks at the Secret now, and then again and again until `stop`. */
  start(): void {
    void this.refresh().then((pauseMs) => {
      if (!this.#isStopped) this.#timer = setTimeout(() => this.start(), pauseMs).unref()
    })
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  /** Brings both up to date and returns when to do that again, in ms. Never rejects. */
  async refresh(): Promise<number> {
    const { client, namespace, logger } = this.#options
    try {
      const ensured = await ensureXdsAuthority(client, { namespace, known: this.#authority, nowMs: this.#now() })
      this.#backoff.reset()
      this.#problem = undefined
      this.#tell(ensured)
      return this.#take(ensured.authority)
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error)
      const pauseMs = this.#backoff.next()
      logger[problem === this.#problem ? 'debug' : 'warn'](
        { namespace, secret: xdsSecretName, error: problem, ms: Math.round(pauseMs) },
        this.#serving === undefined
          ? 'no authority for proxies'
          : 'the authority of proxies cannot be looked at now; the one that is known stays in use',
      )
      this.#problem = problem
      return pauseMs
    }
  }

  #take(authority: XdsAuthority): number {
    const now = this.#now()
    const before = this.#authority
    this.#authority = authority
    const isSame = before !== undefined && isSameAuthority(before, authority)
    if (!isSame || this.#serving === undefined || now >= this.#serving.renewAtMs) {
      this.#serving = signServing(authority, this.#options.dnsNames, now)
      this.credentials.use(this.#serving)
    }
    if (!isSame) this.#options.onTrust({ caPem: trustBundle(authority), drainSecret: authority.drainSecret })
    this.#settleReady()
    return Math.max(1_000, Math.min(lookMs, this.#serving.renewAtMs - now))
  }

  #tell({ origin, damage }: EnsuredAuthority): void {
    const { logger, namespace } = this.#options
    if (origin === 'found') return
    const facts = { namespace, secret: xdsSecretName, ...(damage === undefined ? {} : { damage }) }
    if (origin === 'replaced') {
      logger.error(facts, 'the authority of proxies was lost and is made anew: every fleet is rolled')
    } else if (origin === 'restored') logger.warn(facts, 'the authority of proxies was put back')
    else logger.info({ ...facts, origin }, 'the authority of proxies was written')
  }
}

function isSameAuthority(one: XdsAuthority, other: XdsAuthority): boolean {
  return one.drainSecret === other.drainSecret && trustBundle(one) === trustBundle(other)
}
