/**
 * Golden cases of fleets: a folder `src/infra/infra.golden/<case>/` holds infra.yaml, what differs from an ordinary
 * Gateway's, and objects.yaml, what is applied for it. The first line of infra.yaml says what the case stands for.
 */
import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { parse, stringify } from 'yaml'
import type { ManagedObject } from '../api/managed-kinds.ts'
import { fleetDefaults, type FleetSettings } from '../infra/fleet-settings.ts'
import { defaultFleetParameters } from '../ir/fleet.ts'
import type { GatewayInfra } from '../ir/infra.ts'
import { gatewayKey } from '../ir/names.ts'
import { overloadDefaults, statsInclusion } from '../translate/edge-defaults.ts'

/** One folder. */
export interface FleetCase {
  readonly directory: string
  readonly name: string
  readonly infra: GatewayInfra
}

/** Settings of a fleet in tests. */
export const testFleetSettings: FleetSettings = {
  ...fleetDefaults,
  xds: {
    host: 'fairlead.fairlead-system.svc',
    port: 18_000,
    tls: {
      caPem: '-----BEGIN CERTIFICATE-----\n(of the control plane)\n-----END CERTIFICATE-----\n',
      serverName: 'fairlead.fairlead-system.svc',
    },
  },
  stats: statsInclusion,
  limits: overloadDefaults,
  ipv6: true,
  drainSecret: 'a secret of the control plane',
}

/** A Gateway `infra/edge` with port 80, and what is changed about it. */
export function testInfra(changes: Partial<GatewayInfra> = {}): GatewayInfra {
  const { namespace = 'infra', name = 'edge' } = changes
  return {
    gateway: gatewayKey(namespace, name),
    namespace,
    name,
    uid: '6f5902ac-0d2b-4d5e-8f4a-2b9f1a3c7e10',
    className: 'fairlead',
    generation: 1,
    addresses: [],
    ports: [{ port: 80, bindPort: 10_080, protocol: 'TCP' }],
    labels: {},
    annotations: {},
    parameters: defaultFleetParameters,
    held: false,
    ...changes,
  }
}

const folder = join(dirname(import.meta.dirname), 'infra', 'infra.golden')

/** Every case, in order of name. */
export function fleetCases(): readonly FleetCase[] {
  return globSync('*/infra.yaml', { cwd: folder })
    .sort()
    .map((path) => {
      const directory = dirname(join(folder, path))
      const changes: Partial<GatewayInfra> = parse(readFileSync(join(directory, 'infra.yaml'), 'utf8'))
      return { directory, name: basename(directory), infra: testInfra(changes) }
    })
}

/** What objects.yaml holds. Files of the proxy are shown in the case `default` alone, as what they say: they are long. */
export function showObjects(objects: readonly ManagedObject[], caseName: string): string {
  const shown = objects.map((object) =>
    object.kind === 'ConfigMap'
      ? { ...object, data: caseName === 'default' ? parsed(object.data) : '(see default)' }
      : object,
  )
  const text = shown.map((object) => stringify(object, { lineWidth: 120, aliasDuplicateObjects: false })).join('---\n')
  return text.replace(/(config-hash): .*/, '$1: (of the ConfigMap)')
}

function parsed(data: unknown): unknown {
  return Object.fromEntries(Object.entries(data ?? {}).map(([file, text]) => [file, JSON.parse(text)]))
}
