/** What the API server adds to and asks of core kinds beyond their structure. */
import { isRecord } from './compile.ts'
import { isIPv4, isIPv6 } from './formats.ts'
import type { KindName } from './kinds.ts'
import type { Walk } from './walk.ts'

type Fields = Readonly<Record<string, unknown>>

/** Completes a structurally sound object; reports what is wrong between its fields. */
export type Finish = (object: Fields, walk: Walk) => Fields

/** By kind; kinds that are not here need nothing. */
export const finishers: Readonly<Partial<Record<KindName, Finish>>> = {
  Namespace: finishNamespace,
  Service: finishService,
  EndpointSlice: finishEndpointSlice,
  Secret: finishSecret,
}

/** @see Kubernetes documentation "Automatic labelling" of namespaces */
function finishNamespace(object: Fields): Fields {
  const metadata = fieldsOf(object.metadata)
  const labels = { ...fieldsOf(metadata.labels), 'kubernetes.io/metadata.name': metadata.name }
  return { ...object, metadata: { ...metadata, labels } }
}

function finishService(object: Fields, walk: Walk): Fields {
  const spec = fieldsOf(object.spec)
  const ports = Array.isArray(spec.ports) ? spec.ports.map(fieldsOf) : []
  walk.path.push('spec')
  if (spec.type === 'ExternalName') {
    if (spec.externalName === undefined) {
      walk.reportAt('externalName', 'MissingField', 'externalName is missing', 'add it, or use another type')
    }
  } else if (ports.length === 0 && spec.clusterIP !== 'None') {
    walk.reportAt('ports', 'MissingField', 'ports is missing', 'add a port')
  }
  walk.path.push('ports')
  checkPortNames(ports, walk)
  walk.path.pop()
  walk.path.pop()
  if (ports.length === 0) return object
  const complete = ports.map((port) => ({ ...port, targetPort: port.targetPort ?? port.port }))
  return { ...object, spec: { ...spec, ports: complete } }
}

function checkPortNames(ports: readonly Fields[], walk: Walk): void {
  const firstIndex = new Map<unknown, number>()
  ports.forEach((port, index) => {
    const isNamed = port.name !== undefined && port.name !== ''
    const first = firstIndex.get(port.name)
    walk.path.push(index)
    if (!isNamed && ports.length > 1) {
      walk.reportAt('name', 'MissingField', 'name is missing', 'name every port of a Service with several')
    } else if (isNamed && first !== undefined) {
      walk.reportAt('name', 'Duplicate', `${walk.quote(port.name)} is the name of ports[${first}] too`, 'rename one')
    }
    walk.path.pop()
    if (isNamed && first === undefined) firstIndex.set(port.name, index)
  })
}

/** Unlike the API server, loopback and link-local addresses are taken: backends of a standalone gateway are local. */
function finishEndpointSlice(object: Fields, walk: Walk): Fields {
  const test = object.addressType === 'IPv4' ? isIPv4 : object.addressType === 'IPv6' ? isIPv6 : undefined
  if (test === undefined || !Array.isArray(object.endpoints)) return object
  object.endpoints.map(fieldsOf).forEach((endpoint, index) => {
    if (!Array.isArray(endpoint.addresses)) return
    endpoint.addresses.forEach((address, position) => {
      if (typeof address !== 'string' || test(address)) return
      walk.path.push('endpoints', index, 'addresses', position)
      const message = `${walk.quote(address)} is no ${String(object.addressType)} address`
      walk.report('InvalidValue', message, 'correct it, or use a slice of its own for each addressType')
      walk.path.length -= 4
    })
  })
  return object
}

const tlsKeys = ['tls.crt', 'tls.key'] as const

function finishSecret(object: Fields, walk: Walk): Fields {
  const { stringData, ...rest } = object
  const plain = Object.entries(fieldsOf(stringData)).map(([key, value]) => [key, toBase64(String(value))])
  const data = { ...fieldsOf(object.data), ...Object.fromEntries(plain) }
  if (object.type === 'kubernetes.io/tls') {
    walk.path.push('data')
    for (const key of tlsKeys) {
      if (data[key] !== undefined) continue
      walk.reportAt(
        key,
        'MissingField',
        `${key} is missing`,
        'a Secret of type kubernetes.io/tls has tls.crt and tls.key',
      )
    }
    walk.path.pop()
  }
  return Object.keys(data).length === 0 ? rest : { ...rest, data }
}

function toBase64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64')
}

function fieldsOf(value: unknown): Fields {
  return isRecord(value) ? value : {}
}
