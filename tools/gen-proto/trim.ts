import { create, isFieldSet } from '@bufbuild/protobuf'
import {
  type DescriptorProto,
  DescriptorProtoSchema,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  FieldDescriptorProtoSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt'
import { OMITTED_FIELDS, OMITTED_TYPES } from './surface.ts'

/** A message or enum of the pool, with the name that fields refer to it by. */
type Declared =
  | { readonly kind: 'message'; readonly file: string; readonly message: DescriptorProto }
  | { readonly kind: 'enum'; readonly file: string; readonly enum: EnumDescriptorProto }

/** Every message and enum of a set of files, nested ones too, by full name. */
export type Pool = ReadonlyMap<string, Declared>

/** Returns every message and enum that `files` declare, by full name. */
export function indexPool(files: Iterable<FileDescriptorProto>): Pool {
  const pool = new Map<string, Declared>()
  for (const file of files) {
    const addEnum = (scope: string, e: EnumDescriptorProto) =>
      pool.set(`${scope}.${e.name}`, { kind: 'enum', file: file.name, enum: e })
    const addMessage = (scope: string, message: DescriptorProto) => {
      const name = `${scope}.${message.name}`
      pool.set(name, { kind: 'message', file: file.name, message })
      for (const e of message.enumType) addEnum(name, e)
      for (const nested of message.nestedType) addMessage(name, nested)
    }
    for (const e of file.enumType) addEnum(file.package, e)
    for (const message of file.messageType) addMessage(file.package, message)
  }
  return pool
}

/** Returns the full name of a field's message or enum type; undefined for scalars. */
export function typeOf(field: FieldDescriptorProto): string | undefined {
  return field.typeName === '' ? undefined : field.typeName.replace(/^\./, '')
}

/** Returns the index of the oneof that holds a field, if one does; synthetic ones (proto3 optional) included. */
export function oneofOf(field: FieldDescriptorProto): number | undefined {
  return isFieldSet(field, FieldDescriptorProtoSchema.field.oneofIndex) ? field.oneofIndex : undefined
}

function isKept(message: string, field: FieldDescriptorProto): boolean {
  if (field.options?.deprecated === true) return false
  const type = typeOf(field)
  return !OMITTED_FIELDS.has(`${message}.${field.name}`) && (type === undefined || !OMITTED_TYPES.has(type))
}

/** Returns the full names of all types that `roots` reach through kept fields, themselves included. */
export function closureOf(pool: Pool, roots: readonly string[]): ReadonlySet<string> {
  const reached = new Set<string>()
  const pending = [...roots]
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (reached.has(name)) continue
    const declared = pool.get(name)
    if (declared === undefined) throw new Error(`${name} is not in the descriptor pool`)
    reached.add(name)
    if (declared.kind === 'enum') continue
    for (const field of declared.message.field) {
      const type = typeOf(field)
      if (type !== undefined && isKept(name, field)) pending.push(type)
    }
  }
  return reached
}

function holdsReached(scope: string, reached: ReadonlySet<string>): boolean {
  for (const name of reached) if (name.startsWith(`${scope}.`)) return true
  return false
}

/** Oneofs that lost all their fields go, so the indexes of the others move up. */
function keepOneofs(message: DescriptorProto, fields: readonly FieldDescriptorProto[]) {
  const used = message.oneofDecl.map((_, index) => fields.some((field) => oneofOf(field) === index))
  return {
    oneofDecl: message.oneofDecl.filter((_, index) => used[index]).map(({ name }) => ({ name })),
    indexOf: (field: FieldDescriptorProto) => {
      const index = oneofOf(field)
      return index === undefined ? undefined : used.slice(0, index).filter(Boolean).length
    },
  }
}

function trimField(field: FieldDescriptorProto, oneofIndex: number | undefined) {
  const { name, number, label, type, typeName, jsonName, proto3Optional } = field
  return {
    name,
    number,
    label,
    type,
    typeName,
    jsonName,
    proto3Optional,
    ...(oneofIndex === undefined ? {} : { oneofIndex }),
  }
}

function trimEnum(e: EnumDescriptorProto) {
  const allowAlias = e.options?.allowAlias === true
  return {
    name: e.name,
    value: e.value.map(({ name, number }) => ({ name, number })),
    ...(allowAlias ? { options: { allowAlias } } : {}),
  }
}

/** Returns `message` with what is reached; one that is only the scope of a reached type keeps no field. */
function trimMessage(
  name: string,
  message: DescriptorProto,
  reached: ReadonlySet<string>,
): DescriptorProto | undefined {
  const isReached = reached.has(name)
  if (!isReached && !holdsReached(name, reached)) return undefined
  const fields = isReached ? message.field.filter((field) => isKept(name, field)) : []
  const { oneofDecl, indexOf } = keepOneofs(message, fields)
  return create(DescriptorProtoSchema, {
    name: message.name,
    field: fields.map((field) => trimField(field, indexOf(field))),
    oneofDecl,
    nestedType: message.nestedType.flatMap((nested) => trimMessage(`${name}.${nested.name}`, nested, reached) ?? []),
    enumType: message.enumType.filter((e) => reached.has(`${name}.${e.name}`)).map(trimEnum),
    ...(message.options?.mapEntry === true ? { options: { mapEntry: true } } : {}),
  })
}

/** Files that declare a type that `message` uses, at any depth. */
function importsOf(pool: Pool, message: DescriptorProto): readonly string[] {
  const own = message.field.flatMap((field) => pool.get(typeOf(field) ?? '')?.file ?? [])
  return [...own, ...message.nestedType.flatMap((nested) => importsOf(pool, nested))]
}

function trimFile(pool: Pool, file: FileDescriptorProto, reached: ReadonlySet<string>, services: readonly string[]) {
  const fullName = (name: string) => `${file.package}.${name}`
  const messageType = file.messageType.flatMap((m) => trimMessage(fullName(m.name), m, reached) ?? [])
  const service = file.service
    .filter((s) => services.includes(fullName(s.name)))
    .map(({ name, method }) => ({
      name,
      method: method.map((m) => ({
        name: m.name,
        inputType: m.inputType,
        outputType: m.outputType,
        clientStreaming: m.clientStreaming,
        serverStreaming: m.serverStreaming,
      })),
    }))
  const methodTypes = service.flatMap((s) => s.method.flatMap((m) => [m.inputType, m.outputType]))
  const dependency = new Set([
    ...messageType.flatMap((m) => importsOf(pool, m)),
    ...methodTypes.flatMap((type) => pool.get(type.slice(1))?.file ?? []),
  ])
  dependency.delete(file.name)
  return create(FileDescriptorProtoSchema, {
    name: file.name,
    package: file.package,
    syntax: file.syntax,
    dependency: [...dependency].sort(),
    messageType,
    enumType: file.enumType.filter((e) => reached.has(fullName(e.name))).map(trimEnum),
    service,
  })
}

/** Cuts `files` down to the types that `roots` reach and the named services; comments, options and the rest go. */
export function trimFiles(
  files: readonly FileDescriptorProto[],
  roots: readonly string[],
  services: readonly string[],
): readonly FileDescriptorProto[] {
  const pool = indexPool(files)
  const reached = closureOf(pool, roots)
  return files
    .map((file) => trimFile(pool, file, reached, services))
    .filter((file) => file.messageType.length + file.enumType.length + file.service.length > 0)
}
