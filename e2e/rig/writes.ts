import { setTimeout as delay } from 'node:timers/promises'
import type { Api } from './api.ts'

/** Every version of objects of these kinds, in all namespaces, that came within a time: none while nobody writes. */
export async function versionsDuring(
  api: Api,
  ms: number,
  kinds: readonly { readonly apiVersion: string; readonly kind: string }[],
): Promise<readonly string[]> {
  const versions = new Set<string>()
  const look = async () => {
    for (const kind of kinds) {
      for (const { metadata } of await api.list(kind)) {
        versions.add(`${kind.kind} ${metadata.namespace ?? ''}/${metadata.name} ${metadata.resourceVersion}`)
      }
    }
  }
  await look()
  const before = new Set(versions)
  for (const end = performance.now() + ms; performance.now() < end; await delay(100)) await look()
  return [...versions].filter((version) => !before.has(version))
}
