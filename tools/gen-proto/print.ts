import {
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  FieldDescriptorProto_Label as Label,
  type FileDescriptorProto,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt'
import { oneofOf, typeOf } from './pool.ts'

const SCALARS: ReadonlyMap<Type, string> = new Map([
  [Type.DOUBLE, 'double'],
  [Type.FLOAT, 'float'],
  [Type.INT64, 'int64'],
  [Type.UINT64, 'uint64'],
  [Type.INT32, 'int32'],
  [Type.FIXED64, 'fixed64'],
  [Type.FIXED32, 'fixed32'],
  [Type.BOOL, 'bool'],
  [Type.STRING, 'string'],
  [Type.BYTES, 'bytes'],
  [Type.UINT32, 'uint32'],
  [Type.SFIXED32, 'sfixed32'],
  [Type.SFIXED64, 'sfixed64'],
  [Type.SINT32, 'sint32'],
  [Type.SINT64, 'sint64'],
])

/** Where a message stands: its file's package and its nested messages by full name, to recognise map entries. */
interface Scope {
  readonly package: string
  readonly name: string
  readonly message: DescriptorProto
}

function printType(field: FieldDescriptorProto, pkg: string): string {
  const type = typeOf(field)
  if (type !== undefined) return type.startsWith(`${pkg}.`) ? type.slice(pkg.length + 1) : type
  const scalar = SCALARS.get(field.type)
  if (scalar === undefined) throw new Error(`field ${field.name}: type ${field.type} cannot be printed`)
  return scalar
}

function mapEntryOf(field: FieldDescriptorProto, scope: Scope): DescriptorProto | undefined {
  const entry = scope.message.nestedType.find((nested) => typeOf(field) === `${scope.name}.${nested.name}`)
  return entry?.options?.mapEntry === true ? entry : undefined
}

function printField(field: FieldDescriptorProto, scope: Scope): string {
  const tail = `${field.name} = ${field.number};`
  const [key, value] = mapEntryOf(field, scope)?.field ?? []
  if (key !== undefined && value !== undefined) {
    return `map<${printType(key, scope.package)}, ${printType(value, scope.package)}> ${tail}`
  }
  const label = field.label === Label.REPEATED ? 'repeated ' : field.proto3Optional ? 'optional ' : ''
  return `${label}${printType(field, scope.package)} ${tail}`
}

function printEnum(e: EnumDescriptorProto): readonly string[] {
  const alias = e.options?.allowAlias === true ? ['  option allow_alias = true;'] : []
  return [`enum ${e.name} {`, ...alias, ...e.value.map((v) => `  ${v.name} = ${v.number};`), '}']
}

function indent(lines: readonly string[]): readonly string[] {
  return lines.map((line) => (line === '' ? '' : `  ${line}`))
}

/** Fields in the order of the pool; a oneof stands where its first field does. */
function printFields(scope: Scope): readonly string[] {
  const done = new Set<number>()
  return scope.message.field.flatMap((field) => {
    const index = oneofOf(field)
    if (index === undefined || field.proto3Optional) return [printField(field, scope)]
    if (done.has(index)) return []
    done.add(index)
    const members = scope.message.field.filter((f) => oneofOf(f) === index)
    const name = scope.message.oneofDecl[index]?.name
    return [`oneof ${name} {`, ...indent(members.map((f) => printField(f, scope))), '}']
  })
}

function printMessage(message: DescriptorProto, pkg: string, parent: string): readonly string[] {
  const scope: Scope = { package: pkg, name: `${parent}.${message.name}`, message }
  const nested = message.nestedType.filter((m) => m.options?.mapEntry !== true)
  const blocks = [
    ...message.enumType.map(printEnum),
    ...nested.map((m) => printMessage(m, pkg, scope.name)),
    printFields(scope),
  ].filter((block) => block.length > 0)
  if (blocks.length === 0) return [`message ${message.name} {}`]
  return [`message ${message.name} {`, ...indent(joinBlocks(blocks)), '}']
}

function joinBlocks(blocks: readonly (readonly string[])[]): readonly string[] {
  return blocks.flatMap((block, index) => (index === 0 ? block : ['', ...block]))
}

function printService(service: FileDescriptorProto['service'][number], pkg: string): readonly string[] {
  const short = (type: string) => (type.startsWith(`.${pkg}.`) ? type.slice(pkg.length + 2) : type.slice(1))
  const side = (streams: boolean, type: string) => `${streams ? 'stream ' : ''}${short(type)}`
  const methods = service.method.map(
    (m) =>
      `  rpc ${m.name}(${side(m.clientStreaming, m.inputType)}) returns (${side(m.serverStreaming, m.outputType)});`,
  )
  return [`service ${service.name} {`, ...methods, '}']
}

/** Returns the text of a .proto file that declares what `file` does. */
export function printFile(file: FileDescriptorProto): string {
  if (file.syntax !== 'proto3') throw new Error(`${file.name}: only proto3 can be printed, got "${file.syntax}"`)
  const blocks = [
    ['syntax = "proto3";'],
    [`package ${file.package};`],
    file.dependency.map((name) => `import "${name}";`),
    ...file.enumType.map(printEnum),
    ...file.messageType.map((m) => printMessage(m, file.package, file.package)),
    ...file.service.map((s) => printService(s, file.package)),
  ].filter((block) => block.length > 0)
  return `${joinBlocks(blocks).join('\n')}\n`
}
