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
  service: {
    pattern: /^[a-z](?:[-a-z0-9]*[a-z0-9])?$/,
    maxChars: 63,
    words: 'lower-case letters, digits and "-", a letter first and a letter or digit last',
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
  kind: { readonly namespaced: boolean; readonly nameRule: NameRule },
  walk: Walk,
): void {
  checkName('name', metadata.name, nameForms[kind.nameRule], walk)
  if (!kind.namespaced && metadata.namespace !== undefined && metadata.namespace !== '') {
    walk.reportAt('namespace', 'InvalidValue', 'objects of this kind are not in a namespace', 'remove it')
  }
  if (kind.namespaced) checkName('namespace', metadata.namespace, nameForms.label, walk)
  checkKeys('labels', metadata.labels, walk)
  checkKeys('annotations', metadata.annotations, walk)
  if (!isRecord(metadata.labels)) return
  for (const [key, value] of Object.entries(metadata.labels)) checkLabelValue(key, value, walk)
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
  if (typeof value !== 'string' || value === '' || (value.length <= 63 && qualifiedPart.test(value))) return
  walk.path.push('labels')
  const remedy = 'use at most 63 letters, digits, "-", "_" and ".", a letter or digit at both ends; or an annotation'
  walk.reportAt(key, 'InvalidValue', `${walk.quote(value)} is no valid label value`, remedy)
  walk.path.pop()
}
