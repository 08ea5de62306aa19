import { create } from '@bufbuild/protobuf'
import { type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import protobuf from 'protobufjs'
import {
  describeEnum,
  describeMessage,
  describeService,
  type EnumInit,
  type MessageInit,
  type ServiceInit,
} from './describe-type.ts'
import { nameOf, type ParsedProtos } from './load.ts'

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
