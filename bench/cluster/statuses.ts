import type { KubeClient, KubeStream } from '../../src/watch/kube-client.ts'
import { LineSplitter } from '../../src/watch/line-splitter.ts'
import { type ApiObject, isApiObject, parseEvent, parsePage } from '../../src/watch/watch-event.ts'
import { nowMs } from '../processes.ts'
import { routeCollection } from './workload.ts'

/** Follows the statuses of routes as their owners do. */
export class RouteStatuses {
  readonly #stream: KubeStream
  /** By name: the generation that its status speaks of, and when that was heard. */
  readonly #heard = new Map<string, { readonly generation: number; readonly atMs: number }>()
  #wake: (() => void) | undefined

  private constructor(stream: KubeStream) {
    this.#stream = stream
    void this.#read()
  }

  static async follow(client: KubeClient): Promise<RouteStatuses> {
    const page = parsePage(await client.send({ method: 'GET', path: routeCollection, query: { limit: '1' } }))
    const query = { watch: 'true', resourceVersion: page?.version }
    return new RouteStatuses(await client.open({ method: 'GET', path: routeCollection, query }))
  }

  /** Time (`nowMs`) at which the status spoke of this version of a route. */
  async written(route: unknown): Promise<number> {
    if (!isApiObject(route)) throw new Error('what was edited is no object')
    const generation = Number(route.metadata.generation)
    for (;;) {
      const heard = this.#heard.get(route.metadata.name)
      if (heard !== undefined && heard.generation >= generation) return heard.atMs
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  close(): void {
    this.#stream.close()
  }

  async #read(): Promise<void> {
    const splitter = new LineSplitter()
    for await (const chunk of this.#stream) {
      for (const line of splitter.push(chunk)) {
        const event = parseEvent(line)
        if (event?.type === 'MODIFIED') this.#take(event.object)
      }
    }
  }

  #take(object: ApiObject): void {
    const [parent] = Object(object.status).parents ?? []
    const generation = Number(Object(parent).conditions?.[0]?.observedGeneration ?? 0)
    if (this.#heard.get(object.metadata.name)?.generation === generation) return
    this.#heard.set(object.metadata.name, { generation, atMs: nowMs() })
    this.#wake?.()
  }
}
