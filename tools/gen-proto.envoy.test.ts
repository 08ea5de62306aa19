import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { envoyBinary } from '../src/testing/envoy-binary.ts'
import { compareWithPool } from './gen-proto/compare.ts'
import { describeFiles } from './gen-proto/describe.ts'
import { parseProtos, readProtoFiles } from './gen-proto/load.ts'
import { indexPool } from './gen-proto/pool.ts'
import { printFile } from './gen-proto/print.ts'
import { scanDescriptors } from './gen-proto/scan.ts'
import { JSON_ROOTS, OMITTED_FIELDS, OMITTED_TYPES, RUNTIME_ROOTS, SERVICES } from './gen-proto/surface.ts'
import { trimFiles } from './gen-proto/trim.ts'

describe('proto/', () => {
  const written = readProtoFiles(join(import.meta.dirname, '../proto'))
  let pool: ReturnType<typeof scanDescriptors>

  beforeAll(() => {
    pool = scanDescriptors(readFileSync(envoyBinary()))
  })

  test('the pool of the Envoy binary is closed under import', () => {
    const missing = [...pool.values()].flatMap((file) => file.dependency.filter((name) => !pool.has(name)))
    expect(missing).toEqual([])
    expect(pool.size).toBeGreaterThan(500)
  })

  test('every message, field, enum value and method equals the pool of the Envoy binary', () => {
    const ours = describeFiles(parseProtos(written, { keepCase: true }))
    expect(compareWithPool(ours, [...pool.values()])).toEqual([])
    expect(indexPool(ours).size).toBeGreaterThan(350)
  })

  test('is what the generator writes today', () => {
    const files = trimFiles([...pool.values()], [...RUNTIME_ROOTS, ...JSON_ROOTS], SERVICES)
    const texts = new Map(files.map((file) => [file.name, printFile(file)]))
    expect(new Map(written.map(({ name, text }) => [name, text]))).toEqual(texts)
  })

  test('whatever the surface names is in the pool', () => {
    const types = indexPool(pool.values())
    const fields = new Set<string>()
    for (const [name, type] of types) {
      if (type.kind === 'message') for (const field of type.message.field) fields.add(`${name}.${field.name}`)
    }
    const names = [...RUNTIME_ROOTS, ...JSON_ROOTS, ...OMITTED_TYPES]
    expect(names.filter((name) => !types.has(name))).toEqual([])
    expect([...OMITTED_FIELDS].filter((name) => !fields.has(name))).toEqual([])
  })
})
