import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import protobuf from 'protobufjs'

/** A .proto file: its import path and text. */
export interface ProtoFile {
  readonly name: string
  readonly text: string
}

/** Reads the .proto files below a directory, sorted by import path. */
export function readProtoFiles(directory: string): readonly ProtoFile[] {
  return globSync('**/*.proto', { cwd: directory })
    .sort()
    .map((name) => ({ name, text: readFileSync(join(directory, name), 'utf8') }))
}

export interface ParsedProtos {
  readonly root: protobuf.Root
  /** Imports by file name. */
  readonly imports: ReadonlyMap<string, readonly string[]>
}

/** Parses files that are closed under import. Field names stay as written with `keepCase`, else they are camelCase. */
export function parseProtos(files: readonly ProtoFile[], { keepCase }: { readonly keepCase: boolean }): ParsedProtos {
  const root = new protobuf.Root()
  const imports = new Map<string, readonly string[]>()
  for (const { name, text } of files) {
    Object.assign(protobuf.parse, { filename: name }) // The parser notes it on every object; it is told in no other way.
    imports.set(name, protobuf.parse(text, root, { keepCase }).imports ?? [])
  }
  Object.assign(protobuf.parse, { filename: null })
  root.resolveAll()
  return { root, imports }
}

/** Every message and enum below `scope`, parents first. */
export function* typesOf(scope: protobuf.NamespaceBase): Generator<protobuf.Type | protobuf.Enum> {
  for (const object of scope.nestedArray) {
    if (object instanceof protobuf.Type || object instanceof protobuf.Enum) yield object
    if (object instanceof protobuf.Namespace) yield* typesOf(object)
  }
}

/** Full name of an object, without the leading dot of protobufjs. */
export function nameOf(object: protobuf.ReflectionObject): string {
  return object.fullName.slice(1)
}

/** The oneof that a field is declared in; undefined for the synthetic one of a proto3 optional field. */
export function oneofOf(field: protobuf.Field): protobuf.OneOf | undefined {
  return field.partOf === null || isProto3Optional(field) ? undefined : field.partOf
}

/** Whether a field carries the `optional` keyword of proto3. */
export function isProto3Optional(field: protobuf.Field): boolean {
  return field.options?.proto3_optional === true
}
