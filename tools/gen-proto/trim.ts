import { create } from '@bufbuild/protobuf'
import {
  type DescriptorProto,
  DescriptorProtoSchema,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt'
import { indexPool, oneofOf, type Pool, typeOf } from './pool.ts'
import { OMITTED_FIELDS, OMITTED_TYPES } from './surface.ts'

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
