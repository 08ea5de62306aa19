/** Random values that a schema allows, or nearly so: what both we and an API server are asked about. */
import { compilePattern } from '../api/patterns.ts'
import type { ArraySchema, NumberSchema, ObjectSchema, Schema, StringSchema } from '../api/schema.ts'
import type { Dice } from './dice.ts'

/** Texts that mean something to one field or another, good ones and bad ones. */
export const texts: readonly string[] = [
  'a',
  'b',
  'shop',
  'edge-1',
  'x.y',
  'A',
  'aB_c',
  'a_b',
  '-a',
  'a-',
  'ä',
  '',
  ' ',
  'a b',
  'a\tb',
  '1',
  '80',
  '0',
  '100Mi',
  'example.com',
  '*.example.com',
  '*',
  'a.*.com',
  '*.com',
  'EXAMPLE.com',
  'example.com.',
  'example.com:80',
  '10.0.0.1',
  '256.1.1.1',
  '01.2.3.4',
  '127.0.0.1',
  '169.254.0.1',
  '0.0.0.0',
  '224.0.0.1',
  '::1',
  '::',
  '2001:db8::1',
  'fe80::1%eth0',
  '::ffff:1.2.3.4',
  '[::1]',
  '10.0.0.0/8',
  '10.0.0.1/33',
  '/',
  '/a',
  '/a/b',
  '/a//b',
  '/a/../b',
  '/a/./b',
  '/a/..',
  '/a/.',
  '/%2F',
  '/%2f',
  '/a%zz',
  '/a#b',
  '/a?b',
  '/{id}',
  'a/b',
  'Service',
  'Gateway',
  'HTTPRoute',
  'Secret',
  'XBackend',
  'ClusterTrustBundle',
  'service',
  'gateway.networking.k8s.io',
  'gateway.networking.x-k8s.io',
  'certificates.k8s.io',
  'v1',
  'example.com/a',
  'example.com/a/b',
  'k8s.io/a',
  'a.k8s.io/b',
  'kubernetes.io/h2c',
  '1s',
  '0s',
  '10s',
  '500ms',
  '1h30m',
  '1.5s',
  '-1s',
  '100000s',
  '5',
  '1m1m1m1m',
  '1m1m1m1m1m',
  'http://a.com',
  'https://*.a.com:8443',
  'ftp://a',
  'spiffe://a/b',
  'mailto:x',
  'GET',
  'POST',
  'get',
  'grpc.health.v1.Health',
  '.a',
  'a..b',
  'Check',
  'x-header',
  'X-Header',
  'x header',
  ':path',
  'Host',
  'host',
  'YWJj',
  'YWJ',
  'YWJj\n',
  '=',
  '2026-01-31T12:00:00Z',
  '2026-01-31T12:00:00+01:00',
  '2026-01-31',
  '2026-02-30T12:00:00Z',
  'Cluster',
  'System',
  'Local',
  'None',
  'HTTPS',
  'TLS',
  'a'.repeat(63),
  'a'.repeat(64),
  'a'.repeat(253),
  'a'.repeat(254),
  `/${'a'.repeat(1023)}`,
  `/${'a'.repeat(1024)}`,
  'PreferClose',
  '__proto__',
  'toString',
  '\u2028',
  '😀',
  `${'a'.repeat(254)}/b`,
  'fairlead.dev/gateway-controller',
  'constructor',
  '100',
  '65536',
]

const numbers: readonly number[] = [
  -1, 0, 1, 2, 80, 100, 199, 301, 302, 399, 443, 1000, 8080, 65_535, 65_536, 2_147_483_647, 2_147_483_648, 1.5,
]

const fitting = new Map<string, readonly string[]>()

/** Makes values of schemas. */
export class SchemaSampler {
  readonly #dice: Dice
  /** How likely optional fields are there, 1 for as likely as can be. */
  fullness = 1

  constructor(dice: Dice) {
    this.#dice = dice
  }

  /** A value that has the form of the schema, most of the time. */
  sample(schema: Schema, depth = 0): unknown {
    const dice = this.#dice
    switch (schema.type) {
      case 'string':
        return this.#text(schema)
      case 'integer':
      case 'number':
        return this.#number(schema)
      case 'boolean':
        return dice.isHit(0.5)
      case 'intOrString':
        return dice.isHit(0.7) ? dice.pick([80, 8080, 1]) : dice.pick(['http', 'web', '80'])
      case 'array':
        return this.#list(schema, depth)
      case 'map':
        return Object.fromEntries(
          Array.from({ length: dice.below(3) }, () => [
            dice.pick(texts.slice(0, 8)),
            this.sample(schema.values, depth + 1),
          ]),
        )
      case 'object':
        return this.#record(schema, depth)
      case 'any':
        return {}
    }
  }

  #text(schema: StringSchema): string {
    const dice = this.#dice
    if (schema.enum !== undefined) return dice.pick(schema.enum)
    if (schema.format === 'date-time') return '2026-01-31T12:00:00Z'
    const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern } = schema
    const key = `${pattern}|${minLength}|${maxLength}`
    let choices = fitting.get(key)
    if (choices === undefined) {
      const test = pattern === undefined ? undefined : compilePattern(pattern)
      choices = texts.filter(
        (text) => text.length >= minLength && text.length <= maxLength && test?.test(text) !== false,
      )
      fitting.set(key, choices)
    }
    // The plain ones stand first.
    return choices.length === 0 ? 'x' : dice.pick(dice.isHit(0.8) ? choices.slice(0, 8) : choices)
  }

  #number({ minimum, maximum, enum: allowed }: NumberSchema): number {
    if (allowed !== undefined) return this.#dice.pick(allowed)
    const fits = numbers.filter(
      (one) =>
        Number.isInteger(one) && one >= (minimum ?? Number.NEGATIVE_INFINITY) && one <= (maximum ?? 2_147_483_647),
    )
    return fits.length === 0 ? (minimum ?? 0) : this.#dice.pick(fits)
  }

  #list({ items, minItems = 0, maxItems = 3 }: ArraySchema, depth: number): readonly unknown[] {
    const most = Math.min(maxItems, minItems + (depth > 6 ? 1 : 2))
    const length = minItems + this.#dice.below(most - minItems + 1)
    return Array.from({ length }, () => this.sample(items, depth + 1))
  }

  #record({ properties, required = [] }: ObjectSchema, depth: number): unknown {
    const likelihood = (depth < 2 ? 0.6 : depth < 6 ? 0.4 : 0.25) * this.fullness
    const record: Record<string, unknown> = {}
    for (const [name, child] of Object.entries(properties)) {
      if (required.includes(name) || this.#dice.isHit(likelihood)) record[name] = this.sample(child, depth + 1)
    }
    if (this.#dice.isHit(0.85)) this.#makeUnion(record, properties, depth)
    if (record.port === undefined && properties.port !== undefined && this.#dice.isHit(0.7)) record.port = 80
    return record
  }

  /** Where `type` names one of the fields beside it: that one and no other. */
  #makeUnion(record: Record<string, unknown>, properties: ObjectSchema['properties'], depth: number): void {
    const tag = properties.type ?? properties.protocol
    if (tag?.type !== 'string' || tag.enum === undefined) return
    const members = tag.enum.map(memberOf).filter((name) => properties[name] !== undefined)
    const chosen = memberOf(String(record.type ?? record.protocol))
    for (const member of members) {
      const child = properties[member]
      if (member !== chosen) delete record[member]
      else if (child !== undefined) record[member] ??= this.sample(child, depth + 1)
    }
  }
}

/** `URLRewrite` is told in `urlRewrite`, `GRPC` in `grpc`. */
function memberOf(tag: string): string {
  return tag.replace(/^[A-Z]+(?=[A-Z][a-z])|^[A-Z]+$|^[A-Z]/, (start) => start.toLowerCase())
}
