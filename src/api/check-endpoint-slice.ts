/** What the API server asks of an EndpointSlice beyond its structure. */
import { canonicalIPv6, ipProblem, isFullyQualified, specialAddress } from './core-names.ts'
import { type Fields, fieldsOf, listOfTexts, reportDuplicate } from './core-walk.ts'
import { isIPv4 } from './formats.ts'
import { checkLabels, isDnsLabel, isDnsSubdomain, isLabelValue, isQualifiedName } from './metadata.ts'
import type { Walk } from './walk.ts'

/** Reports what is wrong between the fields. The walk stands at the object. */
export function checkEndpointSlice(object: Fields, walk: Walk): void {
  const family = String(object.addressType)
  walk.within('endpoints', () => {
    if (!Array.isArray(object.endpoints)) return
    object.endpoints.map(fieldsOf).forEach((endpoint, index) => {
      walk.within(index, () => checkEndpoint(endpoint, family, walk))
    })
  })
  walk.within('ports', () => checkPorts(object.ports, walk))
}

function checkEndpoint(endpoint: Fields, family: string, walk: Walk): void {
  walk.within('addresses', () => {
    listOfTexts(endpoint.addresses).forEach((address, index) => {
      const problem = addressProblem(address, family)
      if (problem === undefined) return
      const remedy = 'correct it, or use a slice of its own for each addressType'
      walk.reportAt(index, 'InvalidValue', `${walk.quote(address)} ${problem}`, remedy)
    })
  })
  const { hostname, nodeName } = endpoint
  if (typeof hostname === 'string' && !isDnsLabel(hostname)) noName('hostname', hostname, walk)
  if (typeof nodeName === 'string' && !isDnsSubdomain(nodeName)) noName('nodeName', nodeName, walk)
  checkLabels('deprecatedTopology', endpoint.deprecatedTopology, walk)
  if (fieldsOf(endpoint.deprecatedTopology)['topology.kubernetes.io/zone'] !== undefined) {
    walk.reportAt('deprecatedTopology', 'InvalidValue', 'the zone does not belong here', 'write it as zone')
  }
  walk.within('hints', () => {
    checkHints('forZones', fieldsOf(endpoint.hints).forZones, isLabelValue, walk)
    checkHints('forNodes', fieldsOf(endpoint.hints).forNodes, isDnsSubdomain, walk)
  })
}

/** Unlike the API server, addresses of this machine and link are taken: backends of a standalone gateway are local. */
function addressProblem(address: string, family: string): string | undefined {
  if (family === 'FQDN') return isFullyQualified(address) ? undefined : 'is no DNS name of two labels or more'
  if (ipProblem(address) !== undefined || isIPv4(address) !== (family === 'IPv4')) return `is no ${family} address`
  if (specialAddress(address) === 'unspecified') return 'is no address of a host'
  if (family === 'IPv4' || canonicalIPv6(address) === address) return undefined
  return `is written ${canonicalIPv6(address)}`
}

function noName(field: string, value: string, walk: Walk): void {
  const message = `${walk.quote(value)} is no valid ${field}`
  walk.reportAt(field, 'InvalidValue', message, 'use lower-case letters, digits and "-" inside')
}

function checkHints(field: string, hints: unknown, isName: (name: string) => boolean, walk: Walk): void {
  if (!Array.isArray(hints)) return
  const seen = new Map<unknown, number>()
  walk.within(field, () => {
    hints.map(fieldsOf).forEach(({ name }, index) => {
      walk.within(index, () => {
        reportDuplicate({ seen, key: name, index, field: 'name', value: name }, walk)
        if (typeof name === 'string' && !isName(name)) noName('name', name, walk)
      })
    })
  })
}

function checkPorts(ports: unknown, walk: Walk): void {
  if (!Array.isArray(ports)) return
  const seen = new Map<unknown, number>()
  ports.map(fieldsOf).forEach(({ name, appProtocol }, index) => {
    walk.within(index, () => {
      if (typeof name === 'string' && name !== '' && !isDnsLabel(name)) noName('name', name, walk)
      reportDuplicate({ seen, key: name, index, field: 'name', value: name }, walk)
      if (typeof appProtocol !== 'string' || isQualifiedName(appProtocol)) return
      const message = `${walk.quote(appProtocol)} is no valid appProtocol`
      walk.reportAt('appProtocol', 'InvalidValue', message, 'use name or prefix/name, such as kubernetes.io/h2c')
    })
  })
}
