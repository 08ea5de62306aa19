/**
 * ProtoJSON of the messages in proto/. Costs a megabyte and some milliseconds to load: import it dynamically, from
 * where JSON is shown or read (command line, tests, admin pages), never from the path that serves proxies.
 */
import { readFileSync } from 'node:fs'
import {
  createFileRegistry,
  type DescMessage,
  type FileRegistry,
  fromBinary,
  fromJson,
  type JsonValue,
  toBinary,
} from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { printJson } from './json-print.ts'
import { MESSAGE_NAMES, messageNameOf, type XdsType } from './types.ts'

/** The full descriptor set of proto/, made by tools/gen-code.ts. */
export const DESCRIPTORS_URL: URL = new URL('./gen/descriptors.binpb', import.meta.url)

let loaded: FileRegistry | undefined

function registry(): FileRegistry {
  loaded ??= createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(DESCRIPTORS_URL)))
  return loaded
}

const namesByType: ReadonlyMap<string, string> = new Map(Object.entries(MESSAGE_NAMES))

/** Finds a message by kind of resource, type URL or full name. */
function messageOf(type: string): DescMessage {
  const name = namesByType.get(type) ?? messageNameOf(type)
  const message = registry().getMessage(name)
  if (message === undefined) throw new Error(`${name} is not in proto/`)
  return message
}

/**
 * Returns the ProtoJSON of an encoded message. Fields go by number, map entries by key. An Any is expanded in place; one
 * whose type is not in proto/ keeps its bytes as base64, under `value`. An enum number without a name stays a number.
 *
 * @param type kind of resource, type URL or full message name; must be in proto/
 */
export function messageToJson(type: XdsType | (string & {}), bytes: Uint8Array): JsonValue {
  const message = messageOf(type)
  return printJson(message, fromBinary(message, bytes), registry())
}

/** Map entries are encoded in the order of the object: sorted, equal JSON gives equal bytes. */
function sortKeys(json: JsonValue): JsonValue {
  if (Array.isArray(json)) return json.map(sortKeys)
  if (typeof json !== 'object' || json === null) return json
  const keys = Object.keys(json).sort()
  return Object.fromEntries(keys.map((key) => [key, sortKeys(json[key] ?? null)]))
}

/**
 * Encodes ProtoJSON (camelCase or proto field names). Throws on an unknown field, a value out of range or an Any whose
 * type is not in proto/: so it also checks that JSON written by hand, such as a bootstrap, is what Envoy expects.
 *
 * @param type kind of resource, type URL or full message name; must be in proto/
 */
export function jsonToMessage(type: XdsType | (string & {}), json: JsonValue): Uint8Array {
  const message = messageOf(type)
  return toBinary(message, fromJson(message, sortKeys(json), { registry: registry() }))
}
