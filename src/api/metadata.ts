import { isRecord } from './compile.ts'
import type { NameRule } from './kinds.ts'
import type { ObjectSchema, Schema } from './schema.ts'
import type { Walk } from './walk.ts'

const text: Schema = { type: 'string' }
const time: Schema = { type: 'string', format: 'date-time' }
const textMap: Schema = { type: 'map', values: text, nullIs: '' }
const count: Schema = { type: 'integer', format: 'int64' }

const ownerReference: Schema = {
  type: 'object',
  required: ['apiVersion', 'kind', 'name', 'uid'],
  properties: {
    apiVersion: text,
    kind: text,
    name: text,
    uid: text,
    controller: { type: 'boolean' },
    blockOwnerDeletion: { type: 'boolean' },
  },
}

/** Structure of `metadata` of every kind. */
export const metadataSchema: ObjectSchema = {
  type: 'object',
  properties: {
    name: text,
    generateName: text,
    namespace: text,
    labels: textMap,
    annotations: textMap,
    generation: { ...count, minimum: 0, default: 0 },
    uid: text,
    resourceVersion: text,
    creationTimestamp: time,
    deletionTimestamp: time,
    deletionGracePeriodSeconds: count,
    ownerReferences: { type: 'array', list: 'map', keys: ['uid'], items: ownerReference },
    finalizers: { type: 'array', items: text },
    managedFields: { type: 'any' },
    selfLink: text,
  },
}

const label = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?'
const qualifiedPart = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/

interface NameForm {
  readonly pattern: RegExp
  readonly maxChars: number
  readonly words: string
}

/** Names by rule. @see Kubernetes documentation "Object Names and IDs" */
const nameForms: Readonly<Record<NameRule, NameForm>> = {
  subdomain: {
    pattern: new RegExp(`^${label}(?:\\.${label})*$`),
    maxChars: 253,
    words: 'lower-case letters, digits, "-" and "." with a letter or digit at both ends and beside each "."',
  },
  label: {
    pattern: new RegExp(`^${label}$`),
    maxChars: 63,
    words: 'lower-case letters, digits and "-" with a letter or digit at both ends',
  },
}

/** Whether it is a DNS label in lower case (RFC 1123). */
export function isDnsLabel(text: string): boolean {
  return text.length <= nameForms.label.maxChars && nameForms.label.pattern.test(text)
}

/** Whether it is a DNS name in lower case (RFC 1123). */
export function isDnsSubdomain(text: string): boolean {
  return text.length <= nameForms.subdomain.maxChars && nameForms.subdomain.pattern.test(text)
}

/** Reports what the API server would refuse in structurally sound metadata. The walk stands at `metadata`. */
export function checkMetadata(
  metadata: Readonly<Record<string, unknown>>,
  kind: { readonly namespaced: boolean; readonly nameRule: NameRule; readonly isCore: boolean },
  walk: Walk,
): void {
  checkName('name', metadata.name, nameForms[kind.nameRule], walk)
  if (!kind.namespaced && metadata.namespace !== undefined && metadata.namespace !== '') {
    walk.reportAt('namespace', 'InvalidValue', 'objects of this kind are not in a namespace', 'remove it')
  }
  if (kind.namespaced) checkName('namespace', metadata.namespace, nameForms.label, walk)
  checkLabels('labels', metadata.labels, walk)
  checkKeys('annotations', metadata.annotations, walk)
  checkAnnotationSize(metadata.annotations, walk)
  checkOwners(metadata.ownerReferences, walk)
  checkFinalizers(metadata.finalizers, kind.isCore, walk)
}

/** Reports keys and values of a field that no labels can have. */
export function checkLabels(field: string, labels: unknown, walk: Walk): void {
  if (!isRecord(labels)) return
  checkKeys(field, labels, walk)
  walk.within(field, () => {
    for (const [key, value] of Object.entries(labels)) checkLabelValue(key, value, walk)
  })
}

const maxAnnotationBytes = 256 * 1024

function checkAnnotationSize(annotations: unknown, walk: Walk): void {
  if (!isRecord(annotations)) return
  const bytes = Object.entries(annotations).reduce((sum, pair) => sum + Buffer.byteLength(pair.join('')), 0)
  if (bytes <= maxAnnotationBytes) return
  walk.reportAt('annotations', 'TooLong', `have ${bytes} bytes, ${maxAnnotationBytes} are allowed`, 'shorten them')
}

function checkOwners(owners: unknown, walk: Walk): void {
  if (!Array.isArray(owners)) return
  walk.within('ownerReferences', () => {
    owners.filter(isRecord).forEach((owner, index) => {
      walk.within(index, () => {
        for (const field of ['apiVersion', 'kind', 'name', 'uid']) {
          if (owner[field] === '') walk.reportAt(field, 'InvalidValue', `${field} is empty`, 'name the owner')
        }
      })
    })
    if (owners.filter((owner) => isRecord(owner) && owner.controller === true).length < 2) return
    walk.report('InvalidValue', 'more than one owner is the controller', 'set controller on one of them')
  })
}

/** Of core kinds a finalizer has a domain, or is one of the API server's own. */
function checkFinalizers(finalizers: unknown, isCore: boolean, walk: Walk): void {
  if (!Array.isArray(finalizers)) return
  walk.within('finalizers', () => {
    finalizers.forEach((name: unknown, index) => {
      if (typeof name !== 'string') return
      const isKnown = name.includes('/') || ['kubernetes', 'orphan', 'foregroundDeletion'].includes(name)
      if (isQualifiedName(name) && (isKnown || !isCore)) return
      const remedy = 'use one with a domain, such as example.com/cleanup'
      walk.reportAt(index, 'InvalidValue', `${walk.quote(name)} is no finalizer`, remedy)
    })
  })
}

function checkName(field: string, name: unknown, form: NameForm, walk: Walk): void {
  if (name === undefined || name === '') {
    walk.reportAt(field, 'MissingField', `${field} is missing`, `add metadata.${field}`)
  } else if (typeof name !== 'string') {
    return
  } else if (name.length > form.maxChars) {
    const message = `${walk.quote(name)} has ${name.length} characters, ${form.maxChars} are allowed`
    walk.reportAt(field, 'TooLong', message, 'shorten it')
  } else if (!form.pattern.test(name)) {
    walk.reportAt(field, 'InvalidValue', `${walk.quote(name)} is no valid ${field}`, `use ${form.words}`)
  }
}

function checkKeys(field: string, entries: unknown, walk: Walk): void {
  if (!isRecord(entries)) return
  walk.path.push(field)
  for (const key of Object.keys(entries)) {
    if (isQualifiedName(field === 'annotations' ? key.toLowerCase() : key)) continue
    const remedy = 'use name or prefix/name: at most 63 letters, digits, "-", "_" and "."; the prefix a DNS name'
    walk.reportAt(key, 'InvalidValue', `${walk.quote(key)} is no valid key`, remedy)
  }
  walk.path.pop()
}

/** Whether it is `name` or `prefix/name` as keys of labels are. */
export function isQualifiedName(key: string): boolean {
  const slash = key.indexOf('/')
  const name = key.slice(slash + 1)
  const prefix = slash < 0 ? undefined : key.slice(0, slash)
  if (prefix !== undefined && !isDnsSubdomain(prefix)) return false
  return name.length <= 63 && qualifiedPart.test(name)
}

function checkLabelValue(key: string, value: unknown, walk: Walk): void {
  if (typeof value !== 'string' || isLabelValue(value)) return
  const remedy = 'use at most 63 letters, digits, "-", "_" and ".", a letter or digit at both ends; or an annotation'
  walk.reportAt(key, 'InvalidValue', `${walk.quote(value)} is no valid label value`, remedy)
}

/** Whether a label may have the value. */
export function isLabelValue(text: string): boolean {
  return text === '' || (text.length <= 63 && qualifiedPart.test(text))
}
