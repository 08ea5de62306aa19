import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { gatewayApiKinds } from '../src/api/gen/schemas.ts'
import { readCrd } from './gen-api/crd.ts'
import { emitSchemas } from './gen-api/emit-schemas.ts'
import { emitTypes } from './gen-api/emit-types.ts'
import { goFields, parseGoStructs } from './gen-api/go-types.ts'
import { SchemaPool } from './gen-api/pool.ts'
import { literal } from './gen-api/text.ts'
import { gatewayApiModule, generate } from './gen-api.ts'

const goSource = `package v1

type Toy struct {
	metav1.TypeMeta \`json:",inline"\`
	// +optional
	metav1.ObjectMeta \`json:"metadata,omitempty"\`

	Spec ToySpec \`json:"spec"\`
}

type ToySpec struct {
	Common \`json:",inline"\`
	Parts []*Part \`json:"parts,omitempty"\`
	Spare *Part \`json:"spare,omitempty"\`
	Labels map[Key]Value \`json:"labels,omitempty"\`
	Hidden string \`json:"-"\`
}

type Common struct {
	Name string \`json:"name"\`
}

type Part struct {
	Size *int32 \`json:"size,omitempty"\`
	Colour Colour \`json:"colour"\`
}
`

const part = (size: string): string =>
  [
    '{type: object, description: long text, required: [colour], properties: {',
    `size: {type: integer, format: int32, minimum: ${size}}, `,
    'colour: {type: string, enum: [red, blue], default: red}}, ',
    `x-kubernetes-validations: [{rule: self.size > 0, message: "it's empty"}]}`,
  ].join('')

const crd = (size = '1', extra = ''): string => `
spec:
  group: toys.example.com
  scope: Namespaced
  names: {kind: Toy, plural: toys}
  versions:
  - name: v1
    served: true
    schema:
      openAPIV3Schema:
        type: object
        required: [spec]
        properties:
          apiVersion: {type: string}
          kind: {type: string}
          metadata: {type: object}
          spec:
            type: object
            required: [name]
            properties:
              name: {type: string, maxLength: 5${extra}}
              spare: ${part(size)}
              parts: {type: array, maxItems: 2, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [colour], items: ${part(size)}}
              labels: {type: object, additionalProperties: {type: string}, maxProperties: 8}
  - {name: v0, served: false}
`

const toys = [...readCrd(crd(), 'standard'), ...readCrd(crd('2'), 'experimental')]

describe('readCrd', () => {
  test('gives served versions alone, cut to spec and status, without descriptions', () => {
    expect(toys.map(({ channel, version }) => `${channel} ${version}`)).toEqual(['standard v1', 'experimental v1'])
    const [schema] = toys.map((version) => version.schema)
    expect(schema?.type === 'object' ? Object.keys(schema.properties) : []).toEqual(['spec'])
    expect(JSON.stringify(schema)).not.toContain('description')
  })

  test('keeps what decides: list keys, bounds, enums, defaults, rules', () => {
    expect(toys[0]?.schema).toMatchObject({
      properties: {
        spec: {
          properties: {
            parts: {
              type: 'array',
              list: 'map',
              keys: ['colour'],
              maxItems: 2,
              items: {
                required: ['colour'],
                properties: { size: { type: 'integer', format: 'int32', minimum: 1 }, colour: { default: 'red' } },
                rules: [{ rule: 'self.size > 0', message: "it's empty" }],
              },
            },
            labels: { type: 'map', maxProperties: 8, values: { type: 'string' } },
          },
        },
      },
    })
  })

  test('refuses a keyword it does not know rather than lose it', () => {
    expect(() => readCrd(crd('1', ', multipleOf: 3'), 'standard')).toThrow('multipleOf is not supported')
  })
})

describe('parseGoStructs', () => {
  test('gives the Go type of every JSON field, embedded structs included', () => {
    const structs = parseGoStructs([goSource])
    expect(Object.fromEntries(goFields(structs, 'ToySpec'))).toEqual({
      name: 'string',
      parts: '[]*Part',
      spare: '*Part',
      labels: 'map[Key]Value',
      '-': 'string',
    })
    expect(goFields(structs, 'Unknown').size).toBe(0)
  })
})

describe('generate', () => {
  const structs = parseGoStructs([goSource])

  test('writes equal schemas once and numbers different ones of one Go type', () => {
    const pool = new SchemaPool(structs)
    for (const toy of toys) pool.addKind(toy.kind, toy.schema)
    const text = emitSchemas(toys, pool, 'toys@v1')
    expect(text.match(/^const Part\d*: /gm)).toEqual(['const Part: ', 'const Part2: '])
    expect(text).toContain('    spare: Part,\n')
    expect(text).toContain('standard: { v1: Toy }')
    expect(text).toContain('experimental: { v1: Toy2 }')
  })

  test('types have Go names; what has a default is there, what is optional may be undefined', () => {
    expect(emitTypes(toys, structs, 'toys@v1')).toContain(`export interface Part {
  readonly size?: number | undefined
  readonly colour: 'red' | 'blue'
}`)
    expect(emitTypes(toys, structs, 'toys@v1')).toContain(`export interface ToySpec {
  readonly name: string
  readonly spare?: Part | undefined
  readonly parts?: readonly Part[] | undefined
  readonly labels?: Readonly<Record<string, string>> | undefined
}`)
  })

  test('gives the same text every time', () => {
    expect(generate(toys, structs)).toEqual(generate(structuredClone(toys), parseGoStructs([goSource])))
  })

  test('a type whose shape is not the same everywhere is an error', () => {
    const other = crd().replace(
      /spare: [\s\S]*?parts:/,
      'spare: {type: object, properties: {size: {type: integer}}}\n              parts:',
    )
    const clash = readCrd(other, 'experimental')
    expect(() => emitTypes(clash, structs, 'toys@v1')).toThrow('type Part has two shapes')
  })
})

describe('literal', () => {
  test.each<[unknown, string]>([
    ["it's", '"it\'s"'],
    ['a "b" \\d', '\'a "b" \\\\d\''],
    [{ a: [], b: {}, 'c-d': [1, true] }, "{ a: [], b: {}, 'c-d': [1, true] }"],
  ])('of %j is %s', (value, text) => {
    expect(literal(value, '')).toBe(text)
  })

  test('is read back as the value', () => {
    const value = {
      text: 'line\nbreak \u2028 \'"',
      list: Array.from({ length: 40 }, (_, n) => `item ${n}`),
      deep: { x: [{}] },
    }
    expect(new Function(`return ${literal(value, '')}`)()).toEqual(value)
  })
})

describe('committed output', () => {
  test('names the pinned module', () => {
    const head = readFileSync(join(import.meta.dirname, '../src/api/gen/schemas.ts'), 'utf8').split('\n')[0]
    expect(head).toContain(gatewayApiModule)
  })

  test('holds every kind of the Gateway API', () => {
    expect(gatewayApiKinds.map(({ kind }) => kind)).toEqual(
      'BackendTLSPolicy GRPCRoute Gateway GatewayClass HTTPRoute ListenerSet ReferenceGrant TCPRoute TLSRoute UDPRoute'.split(
        ' ',
      ),
    )
  })
})
