/** The control plane without files, command line and Envoys: translation and xDS in this process, objects set by hand. */
import type { KubernetesObject } from '../api/kinds.ts'
import { openTranslation, type Translation } from '../cli/translation.ts'
import { Deliverer } from '../deliverer.ts'
import { silentLogger } from '../lib/logger.ts'
import { createMetrics } from '../lib/metrics.ts'
import type { TranslateSettings } from '../translate/contract.ts'
import { deleteObject, type ObjectName, setObject } from '../watch/sources.ts'

/** Settings of local proxies: bound to loopback, Programmed by what they acknowledged. */
export const liveSettings: TranslateSettings = {
  controllerName: 'fairlead.dev/gateway-controller',
  delivery: 'live',
  platform: { kind: 'standalone', bindAddresses: ['127.0.0.1'], ipv6: false },
}

/** What waits for an answer of a proxy gives up after this time. */
const answerWithinMs = 60_000

export interface LiveOptions {
  /** Freeze everything and run each transform twice. Default: false. */
  readonly checkPurity?: boolean | undefined
  /** Files and folders to read. Default: none. */
  readonly paths?: readonly string[] | undefined
  /** Where they differ from `liveSettings`. */
  readonly settings?: Partial<TranslateSettings> | undefined
}

/** Everything from objects to bytes on the wire. What is set takes effect in the next turn of the event loop. */
export class LivePipeline {
  readonly translation: Translation
  readonly deliverer: Deliverer

  constructor(options: LiveOptions = {}) {
    const { checkPurity, paths = [] } = options
    const settings = { ...liveSettings, ...options.settings }
    this.translation = openTranslation({ paths, settings, graph: { checkPurity } })
    this.translation.graph.observe(this.translation.outputs.statuses)
    this.deliverer = new Deliverer(this.translation, { logger: silentLogger(), metrics: createMetrics() })
  }

  /** Begins to serve xDS on 127.0.0.1; port 0 picks a free one. */
  listen(port: number): Promise<{ readonly port: number }> {
    return this.deliverer.server.listen(`127.0.0.1:${port}`)
  }

  set(object: KubernetesObject): void {
    setObject(this.translation.sources, object)
  }

  delete(name: ObjectName): void {
    deleteObject(this.translation.sources, name)
  }

  /** Says that what was set so far is a complete configuration: proxies are served from then on. */
  async ready(): Promise<void> {
    await this.translation.graph.idle()
    this.deliverer.markSynced()
  }

  /** Responses that proxies have acknowledged. */
  get acked(): number {
    const types = this.deliverer.server.proxies().flatMap((proxy) => proxy.types)
    return types.reduce((sum, { acked }) => sum + acked, 0)
  }

  /** Resolves when proxies have acknowledged more than `count` responses. */
  async ackedMoreThan(count: number): Promise<void> {
    const isAcked = await this.deliverer.until(() => this.acked > count, answerWithinMs)
    if (!isAcked) throw new Error(`no proxy acknowledged anything within ${answerWithinMs} ms`)
  }

  async stop(): Promise<void> {
    await this.translation.files.close()
    await this.deliverer.server.close()
  }
}
