/** A struct of the Go API: the Go type of each JSON field, embedded structs flattened by `goFields`. */
export interface GoStruct {
  readonly fields: ReadonlyMap<string, string>
  readonly embedded: readonly string[]
}

/** The structs of a Go package by name. */
export type GoStructs = ReadonlyMap<string, GoStruct>

const structPattern = /^type (\w+) struct \{\n([\s\S]*?)^\}/gm
const fieldPattern = /^\t(\w+)\s+(\S+)\s+`json:"([^",]*)/
const embeddedPattern = /^\t([\w.]+) +`json:",inline"`/

/** Reads the struct types of Go source formatted by gofmt. Only names are taken: the shapes come from the CRDs. */
export function parseGoStructs(sources: readonly string[]): GoStructs {
  const structs = new Map<string, GoStruct>()
  for (const source of sources) {
    for (const [, name = '', body = ''] of source.matchAll(structPattern)) structs.set(name, parseBody(body))
  }
  return structs
}

function parseBody(body: string): GoStruct {
  const fields = new Map<string, string>()
  const embedded: string[] = []
  for (const line of body.split('\n')) {
    const inline = embeddedPattern.exec(line)
    const field = fieldPattern.exec(line)
    if (inline?.[1] !== undefined) embedded.push(inline[1])
    else if (field?.[2] !== undefined && field[3] !== undefined && field[3] !== '') fields.set(field[3], field[2])
  }
  return { fields, embedded }
}

/** JSON field to Go type for a struct and all it embeds; nothing for a type of another package. */
export function goFields(structs: GoStructs, name: string): ReadonlyMap<string, string> {
  const struct = structs.get(name)
  if (struct === undefined) return new Map()
  const inherited = struct.embedded.flatMap((parent) => [...goFields(structs, parent)])
  return new Map([...inherited, ...struct.fields])
}

/** The name of a Go type without pointers and package: `*metav1.LabelSelector` is `LabelSelector`. */
export function goBaseName(type: string): string {
  return type.replace(/^\*/, '').replace(/^\w+\./, '')
}
