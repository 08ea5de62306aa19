import type { MessageInitShape } from '@bufbuild/protobuf'
import {
  type DescriptorProtoSchema,
  type EnumDescriptorProtoSchema,
  type FieldDescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as ScalarType,
  type ServiceDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt'
import protobuf from 'protobufjs'
import { isProto3Optional, oneofOf } from './load.ts'

/** What a message descriptor is made from. */
export type MessageInit = MessageInitShape<typeof DescriptorProtoSchema>
/** What an enum descriptor is made from. */
export type EnumInit = MessageInitShape<typeof EnumDescriptorProtoSchema>
type FieldInit = MessageInitShape<typeof FieldDescriptorProtoSchema>
/** What a service descriptor is made from. */
export type ServiceInit = MessageInitShape<typeof ServiceDescriptorProtoSchema>

const SCALARS: ReadonlyMap<string, ScalarType> = new Map([
  ['double', ScalarType.DOUBLE],
  ['float', ScalarType.FLOAT],
  ['int64', ScalarType.INT64],
  ['uint64', ScalarType.UINT64],
  ['int32', ScalarType.INT32],
  ['fixed64', ScalarType.FIXED64],
  ['fixed32', ScalarType.FIXED32],
  ['bool', ScalarType.BOOL],
  ['string', ScalarType.STRING],
  ['bytes', ScalarType.BYTES],
  ['uint32', ScalarType.UINT32],
  ['sfixed32', ScalarType.SFIXED32],
  ['sfixed64', ScalarType.SFIXED64],
  ['sint32', ScalarType.SINT32],
  ['sint64', ScalarType.SINT64],
])

/** JSON name of a field: every underscore goes and the letter after it becomes upper case, as protoc does it. */
export function jsonNameOf(name: string): string {
  return name.replace(/_+(.?)/g, (_, letter: string) => letter.toUpperCase())
}

/** Name of the message that stands for the entries of a map field, as protoc makes it. */
function entryNameOf(field: string): string {
  return `${field.replace(/(?:^|_)(.)/g, (_, letter: string) => letter.toUpperCase())}Entry`
}

function describeType(type: string, resolved: protobuf.ReflectionObject | null): FieldInit {
  if (resolved instanceof protobuf.Type) return { type: ScalarType.MESSAGE, typeName: resolved.fullName }
  if (resolved instanceof protobuf.Enum) return { type: ScalarType.ENUM, typeName: resolved.fullName }
  const scalar = SCALARS.get(type)
  if (scalar === undefined) throw new Error(`type ${type} is not known`)
  return { type: scalar }
}

function describeField(field: protobuf.Field, oneofs: readonly string[]): FieldInit {
  const isMap = field instanceof protobuf.MapField
  const type = isMap
    ? { type: ScalarType.MESSAGE, typeName: `${field.parent?.fullName}.${entryNameOf(field.name)}` }
    : describeType(field.type, field.resolvedType)
  const oneof = isProto3Optional(field) ? `_${field.name}` : oneofOf(field)?.name
  return {
    name: field.name,
    number: field.id,
    label: isMap || field.repeated ? Label.REPEATED : Label.OPTIONAL,
    ...type,
    jsonName: jsonNameOf(field.name),
    ...(oneof === undefined ? {} : { oneofIndex: oneofs.indexOf(oneof) }),
    ...(isProto3Optional(field) ? { proto3Optional: true } : {}),
  }
}

function describeEntry(field: protobuf.MapField): MessageInit {
  const part = (name: string, number: number, type: FieldInit): FieldInit => ({
    name,
    number,
    label: Label.OPTIONAL,
    ...type,
    jsonName: name,
  })
  return {
    name: entryNameOf(field.name),
    field: [
      part('key', 1, describeType(field.keyType, null)),
      part('value', 2, describeType(field.type, field.resolvedType)),
    ],
    options: { mapEntry: true },
  }
}

/** Synthetic oneofs of optional fields come after the declared ones, as descriptors demand. */
function oneofNames(fields: readonly protobuf.Field[]): readonly string[] {
  const declared = new Set(fields.flatMap((field) => oneofOf(field)?.name ?? []))
  return [...declared, ...fields.filter(isProto3Optional).map((field) => `_${field.name}`)]
}

/** Returns the descriptor of a message with all that is nested in it. */
export function describeMessage(type: protobuf.Type): MessageInit {
  const fields = type.fieldsArray
  const oneofs = oneofNames(fields)
  return {
    name: type.name,
    field: fields.map((field) => describeField(field, oneofs)),
    oneofDecl: oneofs.map((name) => ({ name })),
    nestedType: [
      ...type.nestedArray.filter((nested) => nested instanceof protobuf.Type).map(describeMessage),
      ...fields.filter((field) => field instanceof protobuf.MapField).map(describeEntry),
    ],
    enumType: type.nestedArray.filter((nested) => nested instanceof protobuf.Enum).map(describeEnum),
  }
}

/** Returns the descriptor of an enum. */
export function describeEnum(e: protobuf.Enum): EnumInit {
  const allowAlias = e.options?.allow_alias === true
  return {
    name: e.name,
    value: Object.entries(e.values).map(([name, number]) => ({ name, number })),
    ...(allowAlias ? { options: { allowAlias } } : {}),
  }
}

/** Returns the descriptor of a service. */
export function describeService(service: protobuf.Service): ServiceInit {
  const method = service.methodsArray.map((m) => ({
    name: m.name,
    inputType: m.resolvedRequestType?.fullName ?? '',
    outputType: m.resolvedResponseType?.fullName ?? '',
    clientStreaming: m.requestStream === true,
    serverStreaming: m.responseStream === true,
  }))
  return { name: service.name, method }
}
