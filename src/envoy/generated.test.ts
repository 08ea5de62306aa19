import { readFileSync } from 'node:fs'
import {
  createFileRegistry,
  type DescField,
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonObject,
  type JsonValue,
  ScalarType,
  toBinary,
  toJson,
} from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { describe, expect, test } from 'vitest'
import { decodeMessage, encodeMessage, type MessageName } from './encode.ts'
import { codecs } from './gen/xds.js'
import { DESCRIPTORS_URL } from './json.ts'

const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(DESCRIPTORS_URL)))
const MAX_DEPTH = 2

/** Messages whose JSON is no object of their fields. */
const SPECIAL: Readonly<Record<string, JsonValue>> = {
  'google.protobuf.Any': { '@type': 'type.googleapis.com/envoy.type.v3.Percent', value: 12.5 },
  'google.protobuf.BoolValue': true,
  'google.protobuf.DoubleValue': -0.5,
  'google.protobuf.Duration': '1.500s',
  'google.protobuf.ListValue': [1, 'a', null, { b: true }],
  'google.protobuf.Struct': { a: { b: [1] } },
  'google.protobuf.UInt32Value': 300,
  'google.protobuf.UInt64Value': '1099511627777',
  'google.protobuf.Value': 'text',
}

const SCALARS: Readonly<Partial<Record<ScalarType, JsonValue>>> = {
  [ScalarType.BOOL]: true,
  [ScalarType.BYTES]: 'AP8=',
  [ScalarType.DOUBLE]: 0.25,
  [ScalarType.FLOAT]: 0.5,
  [ScalarType.INT64]: '-1099511627777',
  [ScalarType.STRING]: 'grün',
  [ScalarType.UINT64]: '1099511627777',
}

function sampleElement(field: DescField, depth: number, n: number): JsonValue {
  if (field.message !== undefined) return sampleMessage(field.message, depth + 1, n)
  if (field.enum !== undefined) return field.enum.values.at(-1)?.name ?? 0
  return SCALARS[field.scalar ?? ScalarType.STRING] ?? 300
}

function sampleField(field: DescField, depth: number, n: number): JsonValue {
  const element = sampleElement(field, depth, n)
  if (field.fieldKind === 'list') return [element, element]
  return field.fieldKind === 'map' ? { [field.mapKey === ScalarType.STRING ? 'key' : '7']: element } : element
}

/** JSON of a message with every field set; of each oneof its n-th member. */
function sampleMessage(desc: DescMessage, depth: number, n: number): JsonValue {
  const special = SPECIAL[desc.typeName]
  if (special !== undefined) return special
  const json: JsonObject = {}
  for (const field of depth > MAX_DEPTH ? [] : desc.fields) {
    const others = field.oneof?.fields ?? [field]
    if (others[n % others.length] === field) json[field.jsonName] = sampleField(field, depth, n)
  }
  return json
}

function isMessageName(name: string): name is MessageName {
  return Object.hasOwn(codecs, name)
}

describe('generated code', () => {
  const messages = [...registry].filter((type) => type.kind === 'message')
  const cases = messages.flatMap((desc) => (isMessageName(desc.typeName) ? [{ name: desc.typeName, desc }] : []))

  test('covers what the descriptors hold, but for the messages that are JSON only', () => {
    expect(cases.length).toBe(Object.keys(codecs).length)
    const rest = messages.map(({ typeName }) => typeName).filter((name) => !isMessageName(name))
    expect(rest.filter((name) => !/bootstrap|overload|resource_monitors|metrics|RuntimeUInt64/.test(name))).toEqual([])
  })

  test('reads and writes every field of every message as the descriptors say', () => {
    for (const { name, desc } of cases) {
      const variants = Math.max(1, ...desc.oneofs.map((oneof) => oneof.fields.length))
      for (let n = 0; n < variants; n++) {
        const json = sampleMessage(desc, 0, n)
        const decoded = decodeMessage(name, toBinary(desc, fromJson(desc, json, { registry })))
        const bytes = encodeMessage(name, decoded)
        expect(decoded, name).not.toHaveProperty('$unknowns')
        expect(toJson(desc, fromBinary(desc, bytes), { registry }), name).toEqual(json)
      }
    }
  })
})
