/** What the API server asks of the entries of a Secret or ConfigMap. */
import { isConfigKey } from './core-names.ts'
import { type Fields, fieldsOf } from './core-walk.ts'
import type { Walk } from './walk.ts'

const maxDataBytes = 1024 * 1024

/** Reports bad keys of ConfigMap entries and a whole that is too large. The walk stands at the object. */
export function checkConfigMap(object: Fields, walk: Walk): void {
  const [data, binaryData] = [fieldsOf(object.data), fieldsOf(object.binaryData)]
  checkKeys('data', data, walk)
  checkKeys('binaryData', binaryData, walk)
  for (const key of Object.keys(data)) {
    if (!Object.hasOwn(binaryData, key)) continue
    walk.within('data', () => walk.reportAt(key, 'Duplicate', `${key} is in binaryData too`, 'remove one of them'))
  }
  checkSize(bytesOf(data) + base64BytesOf(binaryData), walk)
}

/** Keys that a Secret of a type has. */
const keysOfType: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
}
const accountAnnotation = 'kubernetes.io/service-account.name'

/** Reports what is wrong with the entries of a Secret whose `stringData` was merged. The walk stands at the object. */
export function checkSecret(object: Fields, walk: Walk): void {
  const data = fieldsOf(object.data)
  const type = String(object.type)
  checkKeys('data', data, walk)
  walk.within('data', () => {
    const wanted = Object.hasOwn(keysOfType, type) ? (keysOfType[type] ?? []) : []
    const missing = wanted.filter((key) => data[key] === undefined || (key === 'ssh-privatekey' && data[key] === ''))
    for (const key of missing) {
      const remedy = `a Secret of type ${type} has ${wanted.join(' and ')}`
      walk.reportAt(key, 'MissingField', `${key} is missing`, remedy)
    }
    if (type.startsWith('kubernetes.io/dockerc') && missing.length === 0) checkJson(wanted[0] ?? '', data, walk)
  })
  if (type === 'kubernetes.io/basic-auth' && data.username === undefined && data.password === undefined) {
    walk.reportAt('data', 'MissingField', 'username and password are both missing', 'add one of them')
  }
  const account = fieldsOf(fieldsOf(object.metadata).annotations)[accountAnnotation]
  if (type === 'kubernetes.io/service-account-token' && (account === undefined || account === '')) {
    walk.path.push('metadata', 'annotations')
    walk.reportAt(accountAnnotation, 'MissingField', 'the annotation is missing', 'name the service account')
    walk.path.length -= 2
  }
  checkSize(base64BytesOf(data), walk)
}

function checkJson(key: string, data: Fields, walk: Walk): void {
  try {
    JSON.parse(Buffer.from(String(data[key]), 'base64').toString('utf8'))
  } catch {
    walk.reportAt(key, 'InvalidValue', 'the value (not shown) is no JSON', 'correct it')
  }
}

function checkKeys(field: string, data: Fields, walk: Walk): void {
  walk.within(field, () => {
    for (const key of Object.keys(data)) {
      if (isConfigKey(key)) continue
      const remedy = 'use at most 253 letters, digits, "-", "_" and "."'
      walk.reportAt(key, 'InvalidValue', `${JSON.stringify(key)} is no valid key`, remedy)
    }
  })
}

function checkSize(bytes: number, walk: Walk): void {
  if (bytes <= maxDataBytes) return
  walk.report('TooLong', `the data has ${bytes} bytes, ${maxDataBytes} are allowed`, 'split it')
}

function bytesOf(data: Fields): number {
  return Object.values(data).reduce<number>((sum, value) => sum + Buffer.byteLength(String(value)), 0)
}

function base64BytesOf(data: Fields): number {
  return Object.values(data).reduce<number>((sum, value) => sum + Buffer.byteLength(String(value), 'base64'), 0)
}
