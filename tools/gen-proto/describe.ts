import { create, type MessageInitShape } from '@bufbuild/protobuf'
import {
  type DescriptorProtoSchema,
  type EnumDescriptorProtoSchema,
  type FieldDescriptorProtoSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as ScalarType,
  type ServiceDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt'
import protobuf from 'protobufjs'
import { isProto3Optional, nameOf, oneofOf, type ParsedProtos } from './load.ts'

type MessageInit = MessageInitShape<typeof DescriptorProtoSchema>
type EnumInit = MessageInitShape<typeof EnumDescriptorProtoSchema>
type FieldInit = MessageInitShape<typeof FieldDescriptorProtoSchema>
type ServiceInit = MessageInitShape<typeof ServiceDescriptorProtoSchema>

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

function describeMessage(type: protobuf.Type): MessageInit {
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

function describeEnum(e: protobuf.Enum): EnumInit {
  const allowAlias = e.options?.allow_alias === true
  return {
    name: e.name,
    value: Object.entries(e.values).map(([name, number]) => ({ name, number })),
    ...(allowAlias ? { options: { allowAlias } } : {}),
  }
}

function describeService(service: protobuf.Service): ServiceInit {
  const method = service.methodsArray.map((m) => ({
    name: m.name,
    inputType: m.resolvedRequestType?.fullName ?? '',
    outputType: m.resolvedResponseType?.fullName ?? '',
    clientStreaming: m.requestStream === true,
    serverStreaming: m.responseStream === true,
  }))
  return { name: service.name, method }
}

interface FileParts {
  package: string
  readonly messageType: MessageInit[]
  readonly enumType: EnumInit[]
  readonly service: ServiceInit[]
}

function collectFiles(scope: protobuf.NamespaceBase, files: Map<string, FileParts>): void {
  for (const object of scope.nestedArray) {
    const file = files.get(object.filename ?? '')
    if (object instanceof protobuf.Type) file?.messageType.push(describeMessage(object))
    else if (object instanceof protobuf.Enum) file?.enumType.push(describeEnum(object))
    else if (object instanceof protobuf.Service) file?.service.push(describeService(object))
    else if (object instanceof protobuf.Namespace) collectFiles(object, files)
    const isDeclaration = !(object instanceof protobuf.Namespace) || object.constructor !== protobuf.Namespace
    if (file !== undefined && isDeclaration) file.package = nameOf(scope)
  }
}

/** Imports first, as readers of a FileDescriptorSet expect. */
function importOrder(imports: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const order = new Set<string>()
  const visit = (name: string) => {
    if (order.has(name)) return
    for (const imported of imports.get(name) ?? []) visit(imported)
    order.add(name)
  }
  for (const name of imports.keys()) visit(name)
  return [...order]
}

/** Returns descriptors of parsed .proto files (parsed with keepCase), imports before importers. */
export function describeFiles({ root, imports }: ParsedProtos): readonly FileDescriptorProto[] {
  const files = new Map<string, FileParts>()
  for (const name of imports.keys()) files.set(name, { package: '', messageType: [], enumType: [], service: [] })
  collectFiles(root, files)
  return importOrder(imports).map((name) =>
    create(FileDescriptorProtoSchema, {
      name,
      syntax: 'proto3',
      dependency: [...(imports.get(name) ?? [])],
      ...files.get(name),
    }),
  )
}
