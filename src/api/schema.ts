/**
 * The structural schema that objects are checked against: what OpenAPI says in a CustomResourceDefinition, cut down to
 * what decides whether the API server takes an object and what it adds to it. The generated tables, the table of core
 * kinds and the parser share this form.
 */

/** Release channel of the Gateway API: experimental has every field of standard and more. */
export type Channel = 'standard' | 'experimental'

/** One node of a schema. */
export type Schema =
  | StringSchema
  | NumberSchema
  | BooleanSchema
  | IntOrStringSchema
  | ArraySchema
  | ObjectSchema
  | MapSchema
  | AnySchema

/** What every node may carry. */
export interface SchemaBase {
  /** Value of the field when it is absent. Completed by the defaults inside it. */
  readonly default?: unknown
  /** CEL rules that hold on the node. */
  readonly rules?: readonly Rule[]
  /** Alternatives of which exactly one must hold, beside everything else the node says. */
  readonly oneOf?: readonly Constraint[]
}

/** A CEL rule: `rule` must be true of `self`, else `message` says why. */
export interface Rule {
  readonly rule: string
  readonly message: string
  /** An expression that gives the message; `message` is for when it fails. */
  readonly messageExpression?: string
  /** FieldValueInvalid (the default), FieldValueForbidden, FieldValueRequired or FieldValueDuplicate. */
  readonly reason?: string
  /** True: `oldSelf` is an optional, and the rule holds on creation too. */
  readonly optionalOldSelf?: boolean
  /** Field below the node that the message is about, as `.name`. */
  readonly fieldPath?: string
}

/** A partial condition inside `oneOf`: says nothing about fields it does not name. */
export interface Constraint {
  readonly properties?: Readonly<Record<string, Constraint>>
  readonly enum?: readonly string[]
  readonly format?: StringFormat
  readonly anyOf?: readonly Constraint[]
  readonly not?: Constraint
}

/** Formats of strings that are checked. `byte` is base64. */
export type StringFormat = 'date-time' | 'ipv4' | 'ipv6' | 'byte'

/** Text. Lengths count Unicode code points. */
export interface StringSchema extends SchemaBase {
  readonly type: 'string'
  /** True where the API server takes the empty text for an absent field. */
  readonly emptyIsAbsent?: true
  readonly enum?: readonly string[]
  /** Regular expression in RE2 syntax. */
  readonly pattern?: string
  readonly format?: StringFormat
  readonly minLength?: number
  readonly maxLength?: number
}

/** A number; `int32` and `int64` bound it. */
export interface NumberSchema extends SchemaBase {
  readonly type: 'integer' | 'number'
  readonly enum?: readonly number[]
  readonly format?: 'int32' | 'int64'
  readonly minimum?: number
  readonly maximum?: number
}

/** true or false. */
export interface BooleanSchema extends SchemaBase {
  readonly type: 'boolean'
}

/** A number or a text, such as a target port: 8080 or `http`. */
export interface IntOrStringSchema extends SchemaBase {
  readonly type: 'intOrString'
}

/** A list. A `set` has no value twice; a `map` has no two items that agree in all `keys`. */
export interface ArraySchema extends SchemaBase {
  readonly type: 'array'
  readonly items: Schema
  readonly minItems?: number
  readonly maxItems?: number
  readonly list?: 'set' | 'map'
  readonly keys?: readonly string[]
}

/** A record of known fields; any other field is a mistake. */
export interface ObjectSchema extends SchemaBase {
  readonly type: 'object'
  readonly properties: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly minProperties?: number
}

/** A record whose keys the user chooses. */
export interface MapSchema extends SchemaBase {
  readonly type: 'map'
  readonly values: Schema
  /** What stands for null, where the API server decodes into a Go map. Default: an entry that is null is left out. */
  readonly nullIs?: ''
  readonly minProperties?: number
  readonly maxProperties?: number
}

/** Anything at all: not looked into. */
export interface AnySchema extends SchemaBase {
  readonly type: 'any'
}

/** The schemas of one kind by served version. */
export type VersionSchemas = Readonly<Record<string, ObjectSchema>>

/** A kind defined by a CustomResourceDefinition. The schemas speak of `spec` and `status` only. */
export interface CrdKind {
  readonly kind: string
  readonly plural: string
  readonly namespaced: boolean
  readonly channels: Readonly<Record<Channel, VersionSchemas>>
}
