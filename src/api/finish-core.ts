/** What the API server adds to and asks of core kinds beyond their structure. */
import { checkConfigMap, checkSecret } from './check-data.ts'
import { checkEndpointSlice } from './check-endpoint-slice.ts'
import { checkServiceSpec } from './check-service.ts'
import { type Fields, fieldsOf, listOfTexts } from './core-walk.ts'
import type { KindName } from './kinds.ts'
import { isQualifiedName } from './metadata.ts'
import type { Walk } from './walk.ts'

/** Completes a structurally sound object; reports what is wrong between its fields. */
export type Finish = (object: Fields, walk: Walk) => Fields

/** By kind; kinds that are not here need nothing. */
export const finishers: Readonly<Partial<Record<KindName, Finish>>> = {
  Namespace: finishNamespace,
  Service: finishService,
  EndpointSlice: (object, walk) => {
    checkEndpointSlice(object, walk)
    return object
  },
  Secret: finishSecret,
  ConfigMap: (object, walk) => {
    checkConfigMap(object, walk)
    return object
  },
}

/** @see Kubernetes documentation "Automatic labelling" of namespaces */
function finishNamespace(object: Fields, walk: Walk): Fields {
  walk.path.push('spec', 'finalizers')
  listOfTexts(fieldsOf(object.spec).finalizers).forEach((name, index) => {
    const isFine = isQualifiedName(name) && (name.includes('/') || standardFinalizers.includes(name))
    const remedy = 'use one with a domain, such as example.com/cleanup'
    if (!isFine) walk.reportAt(index, 'InvalidValue', `${walk.quote(name)} is no finalizer`, remedy)
  })
  walk.path.length -= 2
  const metadata = fieldsOf(object.metadata)
  const labels = { ...fieldsOf(metadata.labels), 'kubernetes.io/metadata.name': metadata.name }
  return { ...object, metadata: { ...metadata, labels } }
}

const standardFinalizers = ['kubernetes', 'orphan', 'foregroundDeletion']

function finishService(object: Fields, walk: Walk): Fields {
  const spec = fieldsOf(object.spec)
  walk.within('spec', () => checkServiceSpec(spec, walk))
  const ports = Array.isArray(spec.ports) ? spec.ports.map(fieldsOf) : []
  if (ports.length === 0) return object
  const complete = ports.map((port) => ({ ...port, targetPort: port.targetPort || port.port }))
  return { ...object, spec: { ...spec, ports: complete } }
}

function finishSecret(object: Fields, walk: Walk): Fields {
  const { stringData, ...rest } = object
  const plain = Object.entries(fieldsOf(stringData)).map(([key, value]) => [key, toBase64(String(value))])
  const data = { ...fieldsOf(object.data), ...Object.fromEntries(plain) }
  const merged = Object.keys(data).length === 0 ? rest : { ...rest, data }
  checkSecret(merged, walk)
  return merged
}

function toBase64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64')
}
