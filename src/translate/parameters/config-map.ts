/** A ConfigMap as parameters: flat keys, each one field of GatewayParameters, for those who do not install our kinds. */
import type { ConfigMap } from '../../api/core.ts'
import type { GatewayParametersSpec } from '../../api/own.ts'
import { parseDuration } from '../../lib/duration.ts'
import { err, ok, type Result } from '../../lib/result.ts'
import { compareBy } from '../../lib/sorted.ts'

/** What one key holds and where it goes. */
interface Key {
  readonly read: (text: string) => Result<GatewayParametersSpec, string>
}

const connectionPool = (part: NonNullable<NonNullable<GatewayParametersSpec['upstream']>['connectionPool']>) => ({
  upstream: { connectionPool: part },
})
const outlierDetection = (part: NonNullable<NonNullable<GatewayParametersSpec['upstream']>['outlierDetection']>) => ({
  upstream: { outlierDetection: part },
})

const keys: Readonly<Record<string, Key>> = {
  concurrency: { read: wholeNumber((concurrency) => ({ concurrency }), 256) },
  'connectionPool.maxRequestsPerConnection': {
    read: wholeNumber((maxRequestsPerConnection) => connectionPool({ maxRequestsPerConnection })),
  },
  'connectionPool.maxConnections': { read: wholeNumber((maxConnections) => connectionPool({ maxConnections })) },
  'connectionPool.h2UpgradePolicy': { read: h2UpgradePolicy },
  'outlierDetection.consecutive5xxErrors': {
    read: wholeNumber((consecutive5xxErrors) => outlierDetection({ consecutive5xxErrors })),
  },
  'outlierDetection.interval': { read: duration((interval) => outlierDetection({ interval })) },
  'outlierDetection.baseEjectionTime': {
    read: duration((baseEjectionTime) => outlierDetection({ baseEjectionTime })),
  },
}

/** The fields of every key, or what is wrong: one line per key, with its value, and how many more there are. */
export function parametersOf(configMap: ConfigMap): Result<readonly GatewayParametersSpec[], readonly string[]> {
  const specs: GatewayParametersSpec[] = []
  const problems: string[] = []
  const entries = Object.entries({ ...configMap.data, ...configMap.binaryData }).sort(compareBy(([name]) => name))
  for (const [name, text] of entries) {
    const key = Object.hasOwn(keys, name) ? keys[name] : undefined
    const read: Result<GatewayParametersSpec, string> =
      key === undefined
        ? err(`key "${name}" is not known; use one of ${Object.keys(keys).join(', ')}`)
        : configMap.data?.[name] === undefined
          ? err(`key "${name}" is binary; write it as text, under data`)
          : key.read(text.trim())
    if (read.ok) specs.push(read.value)
    else problems.push(key === undefined ? read.error : `key "${name}": ${read.error}`)
  }
  if (problems.length === 0) return ok(specs)
  const more = problems.length - shownProblems
  return err([...problems.slice(0, shownProblems), ...(more > 0 ? [`and ${more} more`] : [])])
}

/** A ConfigMap may hold a megabyte of keys that mean nothing to us, and each would be told of at length. */
const shownProblems = 5
const shownCharacters = 100

function quoted(text: string): string {
  return JSON.stringify(text.length <= shownCharacters ? text : `${text.slice(0, shownCharacters)}…`.toWellFormed())
}

function wholeNumber(place: (count: number) => GatewayParametersSpec, max = 2 ** 31 - 1): Key['read'] {
  return (text) => {
    const count = Number(text)
    return /^\d+$/.test(text) && count >= 1 && count <= max
      ? ok(place(count))
      : err(`${quoted(text)} is not a whole number from 1 to ${max}`)
  }
}

function duration(place: (text: string) => GatewayParametersSpec): Key['read'] {
  return (text) => {
    const parsed = parseDuration(text)
    return parsed.ok ? ok(place(text)) : err(`${quoted(text)} ${parsed.error}`)
  }
}

/** Also in capitals, as service meshes write it; `default` leaves it to the edge. */
function h2UpgradePolicy(text: string): Result<GatewayParametersSpec, string> {
  switch (text.toLowerCase().replaceAll('_', '-')) {
    case 'upgrade':
      return ok(connectionPool({ h2UpgradePolicy: 'upgrade' }))
    case 'do-not-upgrade':
      return ok(connectionPool({ h2UpgradePolicy: 'do-not-upgrade' }))
    case 'default':
      return ok({})
    default:
      return err(`${quoted(text)} is not upgrade, do-not-upgrade or default`)
  }
}
