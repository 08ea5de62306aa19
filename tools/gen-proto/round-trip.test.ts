import { clone, create, toBinary } from '@bufbuild/protobuf'
import { type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import { describe, expect, test } from 'vitest'
import { compareWithPool } from './compare.ts'
import { describeFiles } from './describe.ts'
import { parseProtos } from './load.ts'
import { printFile } from './print.ts'
import { scanDescriptors } from './scan.ts'
import { trimFiles } from './trim.ts'

const SOURCE = `syntax = "proto3";

package envoy.a.v3;

import "envoy/b.proto";

enum Colour {
  option allow_alias = true;
  RED = 0;
  ROSE = 0;
  BLUE = 7;
}

message Outer {
  enum Inner {
    NONE = 0;
  }

  message Nested {
    Outer.Inner inner = 1;
    bytes raw = 2;
  }

  map<string, envoy.b.Other> by_name = 1;
  map<uint32, Colour> colours_2 = 2;
  oneof choice {
    string text = 4;
    Outer.Nested nested = 3;
  }
  optional uint64 size = 5;
  repeated sint32 numbers = 6;
  Outer self = 7;
}

service Talk {
  rpc Say(stream Outer) returns (stream envoy.b.Other);
  rpc Ask(Outer) returns (Outer);
}
`
const OTHER = `syntax = "proto3";

package envoy.b;

message Other {
  double value = 1;
}
`
const SOURCES = [
  { name: 'envoy/a/v3/a.proto', text: SOURCE },
  { name: 'envoy/b.proto', text: OTHER },
]

function describeSources(): readonly FileDescriptorProto[] {
  return describeFiles(parseProtos(SOURCES, { keepCase: true }))
}

function fileA(files: readonly FileDescriptorProto[]): FileDescriptorProto {
  const file = files.find(({ name }) => name === 'envoy/a/v3/a.proto')
  if (file === undefined) throw new Error('a.proto is not described')
  return file
}

describe('.proto text', () => {
  test('printing what parsing describes gives the text back', () => {
    const texts = new Map(describeSources().map((file) => [file.name, printFile(file)]))
    expect(texts.get('envoy/a/v3/a.proto')).toBe(SOURCE)
    expect(texts.get('envoy/b.proto')).toBe(OTHER)
  })

  test('descriptors come in import order, map entries and JSON names as protoc makes them', () => {
    const files = describeSources()
    expect(files.map(({ name }) => name)).toEqual(['envoy/b.proto', 'envoy/a/v3/a.proto'])
    const outer = fileA(files).messageType[0]
    expect(outer?.field.map(({ jsonName }) => jsonName)).toContain('colours2')
    expect(outer?.nestedType.map(({ name }) => name)).toEqual(['Nested', 'ByNameEntry', 'Colours2Entry'])
    expect(outer?.oneofDecl.map(({ name }) => name)).toEqual(['choice', '_size'])
  })
})

describe('trimFiles', () => {
  test('keeps what the roots reach, and nothing else', () => {
    const [a, ...others] = trimFiles(describeSources(), ['envoy.a.v3.Outer.Nested'], [])
    expect(others).toEqual([])
    expect(a?.dependency).toEqual([])
    expect(a?.enumType).toEqual([])
    expect(a === undefined ? '' : printFile(a)).toBe(`syntax = "proto3";

package envoy.a.v3;

message Outer {
  enum Inner {
    NONE = 0;
  }

  message Nested {
    Outer.Inner inner = 1;
    bytes raw = 2;
  }
}
`)
  })

  test('leaves deprecated fields out, and a oneof that has no other', () => {
    const files = describeSources().map((file) => clone(FileDescriptorProtoSchema, file))
    for (const field of fileA(files).messageType[0]?.field ?? []) {
      if (field.name !== 'size')
        field.options = { ...field.options, deprecated: true } as NonNullable<typeof field.options>
    }
    const [a] = trimFiles(files, ['envoy.a.v3.Outer'], [])
    expect(a?.messageType[0]?.field.map(({ name }) => name)).toEqual(['size'])
    expect(a?.messageType[0]?.oneofDecl.map(({ name }) => name)).toEqual(['_size'])
  })

  test('names a root that the pool lacks', () => {
    expect(() => trimFiles(describeSources(), ['envoy.a.v3.Gone'], [])).toThrow('envoy.a.v3.Gone is not in')
  })
})

describe('compareWithPool', () => {
  const alter = (change: (file: FileDescriptorProto) => void): readonly string[] => {
    const pool = describeSources().map((file) => clone(FileDescriptorProtoSchema, file))
    change(fileA(pool))
    return compareWithPool(describeSources(), pool)
  }

  test('a part of the pool has no difference', () => {
    const part = trimFiles(describeSources(), ['envoy.a.v3.Outer.Nested'], [])
    expect(compareWithPool(part, describeSources())).toEqual([])
  })

  test.each<readonly [string, (file: FileDescriptorProto) => void, string]>([
    ['a number', (file) => Object.assign(file.messageType[0]?.field[0] ?? {}, { number: 9 }), 'by_name = 9'],
    [
      'a label',
      (file) => Object.assign(file.messageType[0]?.field[6] ?? {}, { label: 3 }),
      'REPEATED envoy.a.v3.Outer self',
    ],
    ['a type', (file) => Object.assign(file.messageType[0]?.field[5] ?? {}, { type: 5 }), 'INT32 numbers'],
    ['a oneof', (file) => Object.assign(file.messageType[0]?.oneofDecl[0] ?? {}, { name: 'other' }), 'oneof other'],
    [
      'an optional',
      (file) => Object.assign(file.messageType[0]?.field[4] ?? {}, { proto3Optional: false }),
      'size = 5',
    ],
    ['an enum value', (file) => Object.assign(file.enumType[0]?.value[2] ?? {}, { number: 8 }), 'BLUE = 8'],
    ['a method', (file) => Object.assign(file.service[0]?.method[0] ?? {}, { serverStreaming: false }), 'service Talk'],
    ['a missing field', (file) => file.messageType[0]?.field.pop(), 'no such field'],
    ['a missing message', (file) => file.messageType.pop(), 'no such type'],
  ])('sees %s that differs', (_, change, expected) => {
    expect(alter(change).join('\n')).toContain(expected)
  })
})

describe('scanDescriptors', () => {
  const noise = Buffer.from('lorem\x0a\x05a.proto envoy/x.proto\x00')
  const bytes = (file: FileDescriptorProto) => toBinary(FileDescriptorProtoSchema, file)

  test('finds descriptors among other bytes', () => {
    const parts = describeSources().flatMap((file) => [noise, bytes(file), Buffer.of(0, 0, 0)])
    const found = scanDescriptors(Buffer.concat(parts))
    expect([...found.keys()]).toEqual(['envoy/a/v3/a.proto', 'envoy/b.proto'])
    expect([...found.values()].map(printFile)).toEqual([SOURCE, OTHER])
  })

  test('takes the longest of two descriptors of one name', () => {
    const small = create(FileDescriptorProtoSchema, { name: 'envoy/b.proto', enumType: [{ name: 'E' }] })
    const [b] = describeSources()
    const parts = [small, ...(b === undefined ? [] : [b]), small].flatMap((file) => [bytes(file), Buffer.of(0)])
    expect(scanDescriptors(Buffer.concat(parts)).get('envoy/b.proto')?.messageType).toHaveLength(1)
  })

  test('two descriptors side by side stay two', () => {
    const found = scanDescriptors(Buffer.concat(describeSources().map(bytes)))
    expect([...found.values()].map(({ syntax }) => syntax)).toEqual(['proto3', 'proto3'])
    expect(found.size).toBe(2)
  })
})
