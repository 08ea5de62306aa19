/** Good objects of core kinds, whose fields depend on each other too much to be thrown by chance. */
import type { KindName } from '../api/kinds.ts'

type Fields = Readonly<Record<string, unknown>>

const port = { name: 'http', port: 80, targetPort: 8080 }
const slicePort = { name: 'http', port: 8080, protocol: 'TCP' }

/** Some of a kind, without apiVersion, kind and metadata; undefined where chance does well enough. */
export const coreSamples: Readonly<Partial<Record<KindName, readonly Fields[]>>> = {
  Service: [
    { spec: { ports: [{ port: 80 }] } },
    { spec: { selector: { app: 'a' }, ports: [port, { name: 'metrics', port: 9090, targetPort: 'metrics' }] } },
    { spec: { ports: [port, { ...port, name: 'udp', protocol: 'UDP' }], sessionAffinity: 'ClientIP' } },
    { spec: { clusterIP: 'None', selector: { app: 'a' } } },
    { spec: { clusterIP: 'None', clusterIPs: ['None'], ports: [port], publishNotReadyAddresses: true } },
    { spec: { type: 'ExternalName', externalName: 'shop.example.com' } },
    {
      spec: {
        type: 'NodePort',
        ports: [{ ...port, appProtocol: 'kubernetes.io/h2c' }],
        externalTrafficPolicy: 'Local',
      },
    },
    {
      spec: { type: 'LoadBalancer', ports: [port], loadBalancerSourceRanges: ['10.0.0.0/8'], loadBalancerClass: 'a/b' },
    },
    { spec: { type: 'LoadBalancer', ports: [port], allocateLoadBalancerNodePorts: false, externalIPs: ['192.0.2.1'] } },
    {
      spec: { ports: [port], internalTrafficPolicy: 'Local', trafficDistribution: 'PreferClose', ipFamilies: ['IPv4'] },
    },
  ],
  EndpointSlice: [
    { addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.1'] }], ports: [slicePort] },
    {
      addressType: 'IPv4',
      endpoints: [
        { addresses: ['10.0.0.1'], conditions: { ready: true, serving: true }, nodeName: 'node-1', zone: 'a' },
        {
          addresses: ['10.0.0.2'],
          hints: { forZones: [{ name: 'a' }], forNodes: [{ name: 'node-1' }] },
          hostname: 'x',
        },
      ],
      ports: [slicePort, { ...slicePort, name: 'h2c', appProtocol: 'kubernetes.io/h2c' }],
    },
    { addressType: 'IPv6', endpoints: [{ addresses: ['2001:db8::1', '2001:db8::2'] }], ports: [{ port: 80 }] },
    { addressType: 'FQDN', endpoints: [{ addresses: ['shop.example.com'] }], ports: [slicePort] },
  ],
}
