/**
 * CEL as CustomResourceDefinitions use it: the language with the extension functions of Kubernetes that validation rules
 * of the Gateway API and our own kinds call.
 *
 * @see Kubernetes documentation "Common Expression Language in Kubernetes"
 */
import { type ASTNode, Environment, Optional, type ParseResult, serialize } from '@marcbachmann/cel-js'
import { RE2JS } from 're2js'
import { isIPv4, isIPv6 } from './formats.ts'
import { isDnsLabel, isDnsSubdomain, isQualifiedName } from './metadata.ts'

/** Evaluates an expression with its variables. Throws when it meets what CEL calls an error, such as a missing field. */
export type Expression = (variables: Readonly<Record<string, unknown>>) => unknown

/** An expression that can be taken apart. */
export interface CompiledExpression {
  readonly run: Expression
  /** For an expression `list.all(x, body)`: the name of `x`, and body as an expression of its own. */
  readonly forAll: { readonly variable: string; readonly body: string } | undefined
}

/** What `self` is known to be. The library decides on operators sooner the more it knows. */
export type SelfType = 'list<dyn>' | 'map<string, dyn>' | 'dyn'

const compiled = new Map<string, CompiledExpression>()

/** The expression of that text, compiled once. Variables are not declared: any name is taken. */
export function compileExpression(text: string, self: SelfType = 'dyn'): CompiledExpression {
  const key = `${self} ${text}`
  const known = compiled.get(key)
  if (known !== undefined) return known
  const parsed = environment(self).parse(translate(text))
  const expression = {
    run: (variables: Readonly<Record<string, unknown>>): unknown => parsed(variables),
    forAll: forAll(parsed),
  }
  compiled.set(key, expression)
  return expression
}

/** The type of a value of a schema. */
export function selfTypeOf(value: unknown): SelfType {
  if (Array.isArray(value)) return 'list<dyn>'
  return typeof value === 'object' && value !== null ? 'map<string, dyn>' : 'dyn'
}

/**
 * Fields named like words of the language are written `__word__` in rules. `matches` and `has` get the names of functions
 * of ours: those of the library take expressions of JavaScript instead of RE2, and no index inside `has`.
 */
function translate(text: string): string {
  return text
    .replace(/\.__([a-z]+)__\b/g, '.$1')
    .replace(/\.matches\(/g, '.matchesRe2(')
    .replace(/\bhas\(/g, 'hasField(')
}

function forAll({ ast }: ParseResult): CompiledExpression['forAll'] {
  if (ast.op !== 'rcall') return undefined
  const [name, list, [variable, body]] = ast.args
  const isSelf = list.op === 'id' && list.args === 'self'
  if (name !== 'all' || !isSelf || variable?.op !== 'id' || body === undefined) return undefined
  return { variable: variable.args, body: serialize(body) }
}

class FormatLibrary {}

class StringFormat {
  readonly test: (text: string) => boolean

  constructor(test: (text: string) => boolean) {
    this.test = test
  }
}

/** `format.<name>()`, by name. */
const namedFormats: Readonly<Record<string, (text: string) => boolean>> = {
  dns1123Label: isDnsLabel,
  dns1123Subdomain: isDnsSubdomain,
  qualifiedName: isQualifiedName,
}

const environments = new Map<SelfType, Environment>()

function environment(self: SelfType): Environment {
  let known = environments.get(self)
  if (known === undefined) {
    known = createEnvironment().registerVariable('self', self)
    environments.set(self, known)
  }
  return known
}

function createEnvironment(): Environment {
  const cel = new Environment({ unlistedVariablesAreDyn: true, enableOptionalTypes: true })
    .registerType('FormatLibrary', FormatLibrary)
    .registerType('StringFormat', StringFormat)
    .registerConstant('format', 'FormatLibrary', new FormatLibrary())
    .registerFunction('hasField(ast): bool', hasField)
    .registerFunction('isIP(string): bool', (text: string) => isIPv4(text) || isIPv6(text))
    .registerFunction('string.matchesRe2(string): bool', matchesRe2)
    .registerFunction('StringFormat.validate(string): optional<list<string>>', (format: StringFormat, text: string) =>
      format.test(text) ? Optional.none() : Optional.of(['does not have the format']),
    )
  for (const [name, test] of Object.entries(namedFormats)) {
    const format = new StringFormat(test)
    cel.registerFunction(`FormatLibrary.${name}(): StringFormat`, () => format)
  }
  return cel
}

interface HasField {
  readonly target: ASTNode
  readonly field: string
}

/** The macro `has`: whether a mapping has a field, which may be of a value that any expression gives. */
function hasField({
  args: [select],
}: {
  readonly args: readonly [ASTNode]
}): HasField & Readonly<Record<string, unknown>> {
  if (select.op !== '.') throw new Error('has() needs a field')
  const [target, field] = select.args
  return {
    target,
    field,
    typeCheck(checker: TypeChecker, macro: HasField, context: unknown): unknown {
      checker.check(macro.target, context)
      return checker.getType('bool')
    },
    evaluate(evaluator: Evaluator, macro: HasField, context: unknown): boolean {
      const value = evaluator.run(macro.target, context)
      if (typeof value !== 'object' || value === null) throw new Error(`${macro.field}: of a value without fields`)
      return Object.hasOwn(value, macro.field)
    },
  }
}

/** What a macro is given to check the types of its parts. */
interface TypeChecker {
  check(node: ASTNode, context: unknown): unknown
  getType(name: string): unknown
}

/** What a macro is given to evaluate its parts. */
interface Evaluator {
  run(node: ASTNode, context: unknown): unknown
}

const regexes = new Map<string, RE2JS>()

/** The patterns are those of schemas, so that the cache is bounded. */
function matchesRe2(text: string, pattern: string): boolean {
  let regex = regexes.get(pattern)
  if (regex === undefined) {
    regex = RE2JS.compile(pattern)
    regexes.set(pattern, regex)
  }
  return regex.test(text)
}
