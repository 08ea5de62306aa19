/** What is applied for a Gateway, case by case. `GOLDEN_UPDATE=1` rewrites objects.yaml; the review is reading the diff. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fleetCases, showObjects, testFleetSettings } from '../testing/fleet-golden.ts'
import { renderFleet } from './fleet.ts'

const isUpdate = process.env.GOLDEN_UPDATE === '1' && process.env.CI !== 'true'

describe('renderFleet', () => {
  test.each(fleetCases().map((golden) => ({ ...golden })))('$name', ({ directory, name, infra }) => {
    const file = join(directory, 'objects.yaml')
    const objects = showObjects(renderFleet(infra, testFleetSettings), name)
    if (isUpdate) writeFileSync(file, objects)
    expect(objects).toBe(readFileSync(file, 'utf8'))
  })
})
