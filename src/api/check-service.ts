/** What the API server asks of a Service beyond its structure, as far as it does not depend on the cluster. */
import { fieldsOf, type Fields, listOfTexts, reportDuplicate } from './core-walk.ts'
import { cidrProblem, ipProblem, isPortName, specialAddress } from './core-names.ts'
import { isIPv4 } from './formats.ts'
import { checkLabels, isDnsLabel, isDnsSubdomain, isQualifiedName } from './metadata.ts'
import type { Walk } from './walk.ts'

/** Reports what is wrong between the fields of `spec`. The walk stands at it. */
export function checkServiceSpec(spec: Fields, walk: Walk): void {
  const ports = Array.isArray(spec.ports) ? spec.ports.map(fieldsOf) : []
  checkType(spec, ports, walk)
  walk.within('ports', () => checkPorts(spec, ports, walk))
  checkLabels('selector', spec.selector, walk)
  checkAffinity(spec, walk)
  if (spec.type !== 'ExternalName') checkClusterIPs(spec, walk)
  checkExternalIPs(spec, walk)
  checkLoadBalancer(spec, walk)
  checkExternalTraffic(spec, walk)
}

function checkType(spec: Fields, ports: readonly Fields[], walk: Walk): void {
  const isHeadless = spec.clusterIP === 'None'
  if (spec.type !== 'ExternalName') {
    if (ports.length === 0 && !isHeadless) walk.reportAt('ports', 'MissingField', 'ports is missing', 'add a port')
    if (isHeadless && spec.type !== 'ClusterIP') {
      walk.reportAt('clusterIP', 'InvalidValue', `"None" is not for type ${walk.quote(spec.type)}`, 'remove it')
    }
    return
  }
  for (const field of ['clusterIPs', 'ipFamilies']) {
    if (listOfTexts(spec[field]).length > 0) refuse(field, 'ExternalName has no addresses', walk)
  }
  if (spec.ipFamilyPolicy !== undefined) refuse('ipFamilyPolicy', 'ExternalName has no addresses', walk)
  // Outside of `clusterIPs` it is only looked at when there is one: both hold the same.
  if (spec.clusterIP !== undefined && spec.clusterIP !== '' && listOfTexts(spec.clusterIPs).length === 0) {
    refuse('clusterIP', 'ExternalName has no addresses', walk)
  }
  const name = typeof spec.externalName === 'string' ? spec.externalName.replace(/\.$/, '') : ''
  if (name === '') {
    walk.reportAt('externalName', 'MissingField', 'externalName is missing', 'add it, or use another type')
  } else if (!isDnsSubdomain(name)) {
    const message = `${walk.quote(name)} is no DNS name`
    walk.reportAt('externalName', 'InvalidValue', message, 'use lower-case letters, digits, "-" and "."')
  }
}

function refuse(field: string, why: string, walk: Walk): void {
  walk.reportAt(field, 'InvalidValue', `${field} is set, but ${why}`, `remove ${field}, or use another type`)
}

function checkPorts(spec: Fields, ports: readonly Fields[], walk: Walk): void {
  const names = new Map<unknown, number>()
  const nodePorts = new Map<string, number>()
  ports.forEach((port, index) => {
    walk.within(index, () => {
      checkPortName(port, ports.length > 1, walk)
      if (port.name !== undefined && port.name !== '') {
        reportDuplicate({ seen: names, key: port.name, index, field: 'name', value: port.name }, walk)
      }
      checkTargetPort(port, walk)
      checkQualified('appProtocol', port.appProtocol, walk)
      checkNodePort(spec, port, walk)
      if (port.nodePort !== undefined && port.nodePort !== 0) {
        const key = `${String(port.protocol)} ${String(port.nodePort)}`
        reportDuplicate({ seen: nodePorts, key, index, field: 'nodePort', value: port.nodePort }, walk)
      }
      if (spec.type === 'LoadBalancer' && port.port === 10_250) {
        walk.report('InvalidValue', 'port 10250 is that of the kubelet', 'use another port')
      }
    })
  })
}

function checkPortName({ name }: Fields, isRequired: boolean, walk: Walk): void {
  if (name === undefined || name === '') {
    if (isRequired)
      walk.reportAt('name', 'MissingField', 'name is missing', 'name every port of a Service with several')
  } else if (typeof name === 'string' && !isDnsLabel(name)) {
    const remedy = 'use at most 63 lower-case letters, digits and "-" inside'
    walk.reportAt('name', 'InvalidValue', `${walk.quote(name)} is no name of a port`, remedy)
  }
}

function checkTargetPort({ targetPort }: Fields, walk: Walk): void {
  if (targetPort === undefined || targetPort === 0 || targetPort === '') return
  if (typeof targetPort === 'number') {
    if (targetPort >= 1 && targetPort <= 65_535) return
    walk.reportAt('targetPort', 'OutOfRange', `${targetPort} is out of range`, 'write a number from 1 to 65535')
  } else if (typeof targetPort === 'string' && !isPortName(targetPort)) {
    const isNumber = /^\d+$/.test(targetPort)
    const remedy = isNumber ? 'remove the quotes' : 'use at most 15 lower-case letters, digits and single "-" inside'
    walk.reportAt('targetPort', 'InvalidValue', `${walk.quote(targetPort)} is no name of a port`, remedy)
  }
}

function checkNodePort(spec: Fields, { nodePort }: Fields, walk: Walk): void {
  if (nodePort === undefined || nodePort === 0 || spec.type !== 'ClusterIP') return
  const message = 'nodePort is set, but a Service of type ClusterIP has none'
  walk.reportAt('nodePort', 'InvalidValue', message, 'remove it, or use type: NodePort')
}

function checkQualified(field: string, value: unknown, walk: Walk): void {
  if (typeof value !== 'string' || isQualifiedName(value)) return
  const remedy = 'use name or prefix/name, such as kubernetes.io/h2c'
  walk.reportAt(field, 'InvalidValue', `${walk.quote(value)} is no valid ${field}`, remedy)
}

function checkAffinity(spec: Fields, walk: Walk): void {
  const timeout = fieldsOf(fieldsOf(spec.sessionAffinityConfig).clientIP).timeoutSeconds
  if (spec.sessionAffinity !== 'ClientIP' || typeof timeout !== 'number' || (timeout > 0 && timeout <= 86_400)) return
  const message = `${timeout} is out of range`
  walk.path.push('sessionAffinityConfig', 'clientIP', 'timeoutSeconds')
  walk.report('OutOfRange', message, 'write a number from 1 to 86400')
  walk.path.length -= 3
}

function checkClusterIPs(spec: Fields, walk: Walk): void {
  const families = listOfTexts(spec.ipFamilies)
  walk.within('ipFamilies', () => {
    const seen = new Map<unknown, number>()
    families.forEach((family, index) => {
      reportDuplicate({ seen, key: family, index, field: index, value: family }, walk)
    })
  })
  const given = listOfTexts(spec.clusterIPs)
  if ((spec.ipFamilyPolicy ?? 'SingleStack') === 'SingleStack' && Math.max(families.length, given.length) > 1) {
    const message = 'there are several addresses or families, but the policy is SingleStack'
    walk.reportAt('ipFamilyPolicy', 'InvalidValue', message, 'use PreferDualStack')
  }
  const clusterIP = spec.clusterIP ?? ''
  const field = given.length > 0 ? 'clusterIPs' : 'clusterIP'
  const addresses = given.length > 0 ? given : clusterIP === '' ? [] : [String(clusterIP)]
  if (given.length > 0 && given[0] !== clusterIP) {
    const message = clusterIP === '' ? 'clusterIPs is set, but clusterIP is not' : 'differs from clusterIP at first'
    walk.reportAt('clusterIPs', 'InvalidValue', message, 'write the first of them as clusterIP too')
  }
  if (addresses.length > 2) walk.reportAt(field, 'TooLong', 'more than two addresses', 'use one of each family')
  if (addresses[0] === 'None') {
    if (addresses.length > 1) walk.reportAt(field, 'InvalidValue', '"None" stands alone', 'remove the others')
    return
  }
  const wrong = addresses.map(ipProblem)
  addresses.forEach((address, index) => {
    const problem = wrong[index]
    if (problem === undefined) return
    const report = () => walk.report('InvalidValue', `${walk.quote(address)} ${problem}`, 'correct or remove it')
    walk.within(field, () => (field === 'clusterIP' ? report() : walk.within(index, report)))
  })
  if (wrong.some((problem) => problem !== undefined)) return
  const kinds = addresses.map((address) => (isIPv4(address) ? 'IPv4' : 'IPv6'))
  if (kinds.length === 2 && kinds[0] === kinds[1]) {
    walk.reportAt(field, 'InvalidValue', `both addresses are ${kinds[0]}`, 'use one of each family')
  }
  kinds.forEach((kind, index) => {
    const wanted = families[index]
    if (wanted === undefined || wanted === kind) return
    walk.reportAt(field, 'InvalidValue', `${walk.quote(addresses[index])} is not ${wanted}`, 'correct ipFamilies')
  })
}

function checkExternalIPs(spec: Fields, walk: Walk): void {
  walk.within('externalIPs', () => {
    listOfTexts(spec.externalIPs).forEach((address, index) => {
      const special = ipProblem(address) === undefined ? specialAddress(address) : undefined
      const problem = ipProblem(address) ?? (special === undefined ? undefined : `is ${special}`)
      if (problem === undefined) return
      walk.reportAt(index, 'InvalidValue', `${walk.quote(address)} ${problem}`, 'use an address of a network')
    })
  })
}

function checkLoadBalancer(spec: Fields, walk: Walk): void {
  const ranges = listOfTexts(spec.loadBalancerSourceRanges)
  if (spec.type !== 'LoadBalancer') {
    const why = 'type is not LoadBalancer'
    if (ranges.length > 0) refuse('loadBalancerSourceRanges', why, walk)
    if (spec.allocateLoadBalancerNodePorts !== undefined) refuse('allocateLoadBalancerNodePorts', why, walk)
    if (spec.loadBalancerClass !== undefined) refuse('loadBalancerClass', why, walk)
  }
  checkQualified('loadBalancerClass', spec.loadBalancerClass, walk)
  walk.within('loadBalancerSourceRanges', () => {
    ranges.forEach((range, index) => {
      const problem = cidrProblem(range.trim())
      if (problem === undefined) return
      walk.reportAt(index, 'InvalidValue', `${walk.quote(range)} ${problem}`, 'write for example 10.0.0.0/8')
    })
  })
}

function checkExternalTraffic(spec: Fields, walk: Walk): void {
  const isExternal = spec.type === 'LoadBalancer' || spec.type === 'NodePort'
  const isExposed = isExternal || (spec.type === 'ClusterIP' && listOfTexts(spec.externalIPs).length > 0)
  const policy = spec.externalTrafficPolicy
  if (policy !== undefined && !isExposed) refuse('externalTrafficPolicy', 'nothing outside reaches the Service', walk)
  const port = spec.healthCheckNodePort
  if (port === undefined || port === 0) return
  if (spec.type !== 'LoadBalancer' || policy !== 'Local') {
    refuse('healthCheckNodePort', 'it needs type LoadBalancer with externalTrafficPolicy Local', walk)
  } else if (typeof port === 'number' && (port < 1 || port > 65_535)) {
    walk.reportAt('healthCheckNodePort', 'OutOfRange', `${port} is out of range`, 'write a number from 1 to 65535')
  }
}
