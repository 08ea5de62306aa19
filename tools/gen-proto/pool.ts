import { isFieldSet } from '@bufbuild/protobuf'
import {
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  FieldDescriptorProtoSchema,
  type FileDescriptorProto,
} from '@bufbuild/protobuf/wkt'

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
