import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import protobuf from 'protobufjs'
import pbjs from 'protobufjs-cli/pbjs.js'
import { nameOf, typesOf } from './load.ts'
import { RUNTIME_ROOTS } from './surface.ts'

const PBJS_OPTIONS = ['-t', 'static-module', '-w', 'esm', '-r', 'fairlead-xds'].concat(
  ['create', 'verify', 'convert', 'delimited', 'typeurl', 'service', 'comments', 'beautify'].map(
    (part) => `--no-${part}`,
  ),
)

/** Types that the runtime roots reach, by way of fields. */
function runtimeClosure(root: protobuf.Root): ReadonlySet<protobuf.ReflectionObject> {
  const reached = new Set<protobuf.ReflectionObject>()
  const pending: protobuf.ReflectionObject[] = RUNTIME_ROOTS.map((name) => root.lookupTypeOrEnum(name))
  for (let type = pending.pop(); type !== undefined; type = pending.pop()) {
    if (reached.has(type)) continue
    reached.add(type)
    if (!(type instanceof protobuf.Type)) continue
    for (const field of type.fieldsArray) if (field.resolvedType !== null) pending.push(field.resolvedType)
  }
  return reached
}

/** Removes what is not reached and holds nothing reached; returns whether `scope` still holds something. */
function prune(scope: protobuf.NamespaceBase, reached: ReadonlySet<protobuf.ReflectionObject>): boolean {
  for (const object of [...scope.nestedArray]) {
    const holds = object instanceof protobuf.Namespace && prune(object, reached)
    if (!holds && !reached.has(object)) scope.remove(object)
  }
  return scope.nestedArray.length > 0
}

/** pbjs reads files only, so the pruned root goes by way of one. */
function runPbjs(root: protobuf.Root): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'fairlead-gen-'))
  const path = join(directory, 'runtime.json')
  writeFileSync(path, JSON.stringify(root.toJSON()))
  return new Promise<string>((resolve, reject) => {
    pbjs.main([...PBJS_OPTIONS, path], (error, output) => (error === null ? resolve(output ?? '') : reject(error)))
  }).finally(() => rmSync(directory, { recursive: true }))
}

/**
 * Adjusts the output of pbjs: half of it is indentation, which costs memory; map entries are encoded in the order of
 * their keys, so that equal messages are equal bytes; 64-bit integers are numbers;
 * what is absent is undefined, as elsewhere in Fairlead.
 */
function adjust(code: string): string {
  return code
    .replace(/^ +/gm, '')
    .replace(/(\$Object\.keys\(m\.\w+\))/g, '$1.sort()')
    .replace(/\br\.(?:[su]?int64|s?fixed64)\(\)/g, '$number($&)')
    .replace(/^(\w+\.prototype\.\w+ =) \$util\.Long \? .*;$/gm, '$1 0;')
    .replace(/^(\w+\.prototype\.\w+ =) null;$/gm, '$1 undefined;')
}

const TAIL = `
function $number(value) {
return typeof value === "number" ? value : value.toNumber();
}
`

/** The generated module and the messages in it. */
export interface GeneratedModule {
  readonly code: string
  readonly messages: readonly protobuf.Type[]
}

/** Prints the runtime module; `root` (camelCase names) loses what is not in it. */
export async function printModule(root: protobuf.Root): Promise<GeneratedModule> {
  prune(root, runtimeClosure(root))
  const messages = [...typesOf(root)].filter((type) => type instanceof protobuf.Type)
  const code = adjust(await runPbjs(root))
  const index = messages.map((type) => `'${nameOf(type)}': ${nameOf(type)},`)
  return { code: `${code}${TAIL}\nexport const codecs = {\n${index.join('\n')}\n}\n`, messages }
}
