/** The Service in front of a fleet. */
import { isIP } from 'node:net'
import type { GatewayInfra } from '../ir/infra.ts'

type Spec = Readonly<Record<string, unknown>>

/** `Service.spec` of a fleet whose pods have the labels `selector`. */
export function serviceSpec(infra: GatewayInfra, selector: Readonly<Record<string, string>>): Spec {
  const { type, ipFamilyPolicy = 'PreferDualStack' } = infra.parameters.service
  return {
    type,
    selector,
    ipFamilyPolicy,
    ...(type === 'ClusterIP' ? {} : ofExternal(infra)),
    ...(type === 'LoadBalancer' ? ofLoadBalancer(infra) : {}),
    ports: infra.ports.map(({ port, bindPort, protocol }) => ({
      // By number: a listener may be renamed without a new node port.
      name: `${protocol.toLowerCase()}-${port}`,
      port,
      targetPort: bindPort,
      protocol,
    })),
  }
}

function ofExternal({ parameters: { service } }: GatewayInfra): Spec {
  const { externalTrafficPolicy } = service
  return externalTrafficPolicy === undefined ? {} : { externalTrafficPolicy }
}

/**
 * The API server refuses these fields on other types. A wished address goes to `loadBalancerIP`, the one field that load
 * balancers of many makers read; it takes one address, so the others of a Gateway are not granted. Not `externalIPs`:
 * with them a Gateway's author could claim anybody's address (CVE-2020-8554).
 */
function ofLoadBalancer({ addresses, parameters: { service } }: GatewayInfra): Spec {
  const { loadBalancerClass, loadBalancerSourceRanges } = service
  const wished = addresses.find((address) => isIP(address) !== 0)
  return {
    ...(wished === undefined ? {} : { loadBalancerIP: wished }),
    ...(loadBalancerClass === undefined ? {} : { loadBalancerClass }),
    ...(loadBalancerSourceRanges === undefined ? {} : { loadBalancerSourceRanges }),
  }
}
