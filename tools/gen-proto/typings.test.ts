import protobuf from 'protobufjs'
import { describe, expect, test } from 'vitest'
import { parseProtos, typesOf } from './load.ts'
import { printTypings } from './typings.ts'

const TEXT = `syntax = "proto3";
package a.v3;
enum Colour { RED = 0; BLUE = 7; }
message Outer {
  message Inner {}
  string some_name = 1;
  repeated Inner inners = 2;
  map<string, Inner> by_name = 3;
  oneof choice { uint64 size = 4; Inner one = 5; }
  Colour colour = 6;
  optional bool maybe = 7;
}
`

describe('printTypings', () => {
  const { root } = parseProtos([{ name: 'a.proto', text: TEXT }], { keepCase: false })
  const messages = [...typesOf(root)].filter((type) => type instanceof protobuf.Type)
  const text = printTypings(root, messages)
  const block = (head: string) => text.slice(text.indexOf(head), text.indexOf('}', text.indexOf(head)) + 1)

  test('every field of a plain object may be absent or undefined, and is readonly', () => {
    expect(block('interface IOuter {')).toMatchInlineSnapshot(`
      "interface IOuter {
            readonly someName?: string | undefined
            readonly inners?: readonly a.v3.Outer.IInner[] | undefined
            readonly byName?: MapOf<a.v3.Outer.IInner> | undefined
            readonly size?: number | undefined
            readonly one?: a.v3.Outer.IInner | undefined
            readonly colour?: a.v3.Colour | undefined
            readonly maybe?: boolean | undefined
          }"
    `)
  })

  test('decoding leaves only messages, members of a oneof and optional fields undefined', () => {
    expect(block('interface Outer {')).toMatchInlineSnapshot(`
      "interface Outer {
            readonly someName: string
            readonly inners: readonly a.v3.Outer.Inner[]
            readonly byName: MapOf<a.v3.Outer.Inner>
            readonly size?: number | undefined
            readonly one?: a.v3.Outer.Inner | undefined
            readonly colour: a.v3.Colour
            readonly maybe?: boolean | undefined
          }"
    `)
  })

  test('an enum is the union of its numbers and an object of its names', () => {
    expect(text).toContain('type Colour = 0 | 7')
    expect(block('const Colour')).toContain('readonly BLUE: 7')
  })

  test('messages are indexed by full name, nested ones too', () => {
    expect(block('export interface PlainMessages')).toMatchInlineSnapshot(`
      "export interface PlainMessages {
        readonly 'a.v3.Outer': a.v3.IOuter
        readonly 'a.v3.Outer.Inner': a.v3.Outer.IInner
      }"
    `)
  })
})
