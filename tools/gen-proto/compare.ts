import { isFieldSet } from '@bufbuild/protobuf'
import {
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  FieldDescriptorProto_Label as Label,
  type FileDescriptorProto,
  FieldDescriptorProto_Type as Type,
  FieldOptionsSchema,
} from '@bufbuild/protobuf/wkt'
import { jsonNameOf } from './describe-type.ts'
import { indexPool, oneofOf, typeOf } from './pool.ts'

function isPackingSet({ options }: FieldDescriptorProto): boolean {
  return options !== undefined && isFieldSet(options, FieldOptionsSchema.field.packed)
}

/** Everything about a field that its encoding, its JSON or its generated code depends on, as one line. */
function signatureOf(message: DescriptorProto, field: FieldDescriptorProto): string {
  const oneof = oneofOf(field)
  const facts = [
    `${Label[field.label]} ${typeOf(field) ?? Type[field.type]} ${field.name} = ${field.number}`,
    oneof === undefined ? '' : `oneof ${message.oneofDecl[oneof]?.name}`,
    field.proto3Optional ? 'optional' : '',
    `json ${field.jsonName === '' ? jsonNameOf(field.name) : field.jsonName}`,
    isPackingSet(field) ? `packed ${field.options?.packed}` : '',
  ]
  return facts.filter((fact) => fact !== '').join(', ')
}

function compareMessage(name: string, ours: DescriptorProto, pool: DescriptorProto): readonly string[] {
  const known = new Map(pool.field.map((field) => [field.name, signatureOf(pool, field)]))
  const isEntry = (message: DescriptorProto) => message.options?.mapEntry === true
  const entry = isEntry(ours) === isEntry(pool) ? [] : [`${name}: map entry ${isEntry(ours)}, pool: ${isEntry(pool)}`]
  const fields = ours.field.flatMap((field) => {
    const signature = signatureOf(ours, field)
    const expected = known.get(field.name)
    return signature === expected ? [] : [`${name}: ${signature}; pool: ${expected ?? 'no such field'}`]
  })
  return [...entry, ...fields]
}

/** Values in the order of the file: the first is the default. */
function compareEnum(name: string, ours: EnumDescriptorProto, pool: EnumDescriptorProto): readonly string[] {
  const list = (e: EnumDescriptorProto) => e.value.map((v) => `${v.name} = ${v.number}`).join(', ')
  return list(ours) === list(pool) ? [] : [`${name}: ${list(ours)}; pool: ${list(pool)}`]
}

function compareServices(ours: FileDescriptorProto, pool: FileDescriptorProto | undefined): readonly string[] {
  const list = (file: FileDescriptorProto | undefined, service: string) =>
    (file?.service.find((s) => s.name === service)?.method ?? [])
      .map((m) => `${m.name}(${m.clientStreaming} ${m.inputType}) returns (${m.serverStreaming} ${m.outputType})`)
      .join(', ')
  return ours.service.flatMap(({ name }) => {
    const [got, expected] = [list(ours, name), list(pool, name)]
    return got === expected ? [] : [`${ours.name}: service ${name}: ${got}; pool: ${expected}`]
  })
}

/**
 * Compares every message, field, enum value and method of `ours` with the pool; returns a line for each difference.
 * What the pool has beyond ours is none: proto/ is a part of it.
 */
export function compareWithPool(
  ours: readonly FileDescriptorProto[],
  pool: readonly FileDescriptorProto[],
): readonly string[] {
  const theirs = indexPool(pool)
  const files = new Map(pool.map((file) => [file.name, file]))
  const types = [...indexPool(ours)].flatMap(([name, type]) => {
    const expected = theirs.get(name)
    if (expected?.kind !== type.kind) return [`${name}: ${type.kind}; pool: ${expected?.kind ?? 'no such type'}`]
    if (expected.file !== type.file) return [`${name}: in ${type.file}; pool: in ${expected.file}`]
    if (type.kind === 'enum') return expected.kind === 'enum' ? compareEnum(name, type.enum, expected.enum) : []
    return expected.kind === 'message' ? compareMessage(name, type.message, expected.message) : []
  })
  return [...types, ...ours.flatMap((file) => compareServices(file, files.get(file.name)))]
}
