import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { gatewayParametersSchema } from '../src/api/own-schemas.ts'
import { descriptions } from './gen-crds/descriptions.ts'
import { pathsOf } from './gen-crds/open-api.ts'
import { gatewayParametersCrd, gatewayParametersFile } from './gen-crds.ts'

describe('the CRD of GatewayParameters', () => {
  test('is what the schema says; if not, run node tools/gen-crds.ts', () => {
    const written = readFileSync(join(import.meta.dirname, '..', gatewayParametersFile), 'utf8')
    expect(written).toBe(gatewayParametersCrd())
  })

  test('explains every field and no other', () => {
    expect(Object.keys(descriptions).sort()).toEqual([...pathsOf(gatewayParametersSchema)].sort())
  })
})
