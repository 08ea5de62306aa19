import {
  type DescEnum,
  type DescField,
  type DescMessage,
  fromBinary,
  isMessage,
  type JsonObject,
  type JsonValue,
  type Message,
  type Registry,
  toJson,
} from '@bufbuild/protobuf'
import { isReflectMessage, type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect'
import { type Any, AnySchema } from '@bufbuild/protobuf/wkt'
import { compareNumbers, compareStrings } from '../lib/sorted.ts'
import { messageNameOf } from './types.ts'

type MapField = DescField & { readonly fieldKind: 'map' }
type ListField = DescField & { readonly fieldKind: 'list' }

/**
 * Prints a message as ProtoJSON. Unlike toJson of protobuf-es it prints an Any of unknown type and an enum number
 * without a name, sorts map entries, and so can show whatever a proxy or a user sends.
 */
export function printJson(desc: DescMessage, message: Message, registry: Registry): JsonValue {
  if (isMessage(message, AnySchema)) return printAny(message, registry)
  if (desc.typeName.startsWith('google.protobuf.')) return sortedStruct(toJson(desc, message))
  const fields = [...desc.fields].sort((a, b) => compareNumbers(a.number, b.number))
  const reflected = reflect(desc, message)
  const present = fields.filter((field) => reflected.isSet(field))
  return Object.fromEntries(present.map((field) => [field.jsonName, printField(field, reflected, registry)]))
}

/** The special forms of google.protobuf hold objects only where they are a Struct, whose order is not kept. */
function sortedStruct(json: JsonValue): JsonValue {
  if (Array.isArray(json)) return json.map(sortedStruct)
  if (typeof json !== 'object' || json === null) return json
  const entries = Object.entries(json).sort(([a], [b]) => compareStrings(a, b))
  return Object.fromEntries(entries.map(([key, value]) => [key, sortedStruct(value)]))
}

function printAny({ typeUrl, value }: Any, registry: Registry): JsonObject {
  if (typeUrl === '') return {}
  const head = { '@type': typeUrl }
  const desc = registry.getMessage(messageNameOf(typeUrl))
  if (desc === undefined) return { ...head, value: printScalar(value) }
  const json = printJson(desc, fromBinary(desc, value), registry)
  const isPlain = typeof json === 'object' && json !== null && !Array.isArray(json)
  const isSpecial = desc.typeName.startsWith('google.protobuf.') && desc.typeName !== 'google.protobuf.Empty'
  return isPlain && !isSpecial ? { ...head, ...json } : { ...head, value: json }
}

function printField(field: DescField, message: ReflectMessage, registry: Registry): JsonValue {
  if (field.fieldKind === 'map') return printMap(field, message, registry)
  if (field.fieldKind === 'list') {
    return [...message.get(field)].map((item) => printElement(field, item, registry))
  }
  return printElement(field, message.get(field), registry)
}

function printMap(field: MapField, message: ReflectMessage, registry: Registry): JsonObject {
  const entries = [...message.get(field)].map(([key, value]) => [String(key), value] as const)
  entries.sort(([a], [b]) => compareStrings(a, b))
  return Object.fromEntries(entries.map(([key, value]) => [key, printElement(field, value, registry)]))
}

function printElement(
  field: MapField | ListField | (DescField & { readonly fieldKind: 'scalar' | 'enum' | 'message' }),
  value: unknown,
  registry: Registry,
): JsonValue {
  if (isReflectMessage(value)) return printJson(value.desc, value.message, registry)
  return field.enum === undefined ? printScalar(value) : printEnum(field.enum, value)
}

function printEnum(desc: DescEnum, value: unknown): JsonValue {
  const number = Number(value)
  if (desc.typeName === 'google.protobuf.NullValue') return null
  return desc.value[number]?.name ?? number
}

/** 64-bit integers and numbers that JSON has no words for are strings, bytes are base64. */
function printScalar(value: unknown): JsonValue {
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  return String(value)
}
