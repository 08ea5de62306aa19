/** What `kubectl explain gatewayparameters.spec` says, by path below the object. */
export const descriptions: Readonly<Record<string, string>> = {
  '': 'How the proxies of a Gateway run and treat upstreams. Named by parametersRef of a GatewayClass, for all its Gateways, or by infrastructure.parametersRef of a Gateway, whose fields win.',
  spec: 'What is absent is left to the GatewayClass, then to the defaults of Fairlead.',
  'spec.workload': 'What runs the proxies: a Deployment (the default) or a DaemonSet.',
  'spec.replicas':
    'Number of proxies of a Deployment. Absent: not ours to set, so that an autoscaler may; Kubernetes starts with 1.',
  'spec.concurrency': 'Worker threads of each proxy. Absent: one per CPU of its limit.',
  'spec.image': 'Image of Envoy 1.40. Absent: the one that Fairlead was started with.',
  'spec.resources': "The container's resources. Replaces those of the class as a whole.",
  'spec.resources.requests': 'Quantities by name of the resource, such as cpu: 500m.',
  'spec.resources.limits': 'Quantities by name of the resource, such as memory: 512Mi.',
  'spec.drainSeconds':
    'Seconds in which a proxy that is to end still serves, so that load balancers learn of it. Default: 10.',
  'spec.placement': 'Where the pods go. Every field is that of a pod.',
  'spec.placement.nodeSelector': 'Labels that a node must have.',
  'spec.placement.tolerations': 'Taints of nodes that the pods put up with.',
  'spec.placement.affinity': 'Rules of affinity to nodes and pods.',
  'spec.placement.topologySpreadConstraints':
    'How the pods are spread. Absent: over nodes and zones, as far as possible.',
  'spec.placement.priorityClassName': 'Priority of the pods.',
  'spec.service': 'The Service in front of the proxies.',
  'spec.service.type':
    'LoadBalancer (the default), NodePort or ClusterIP. Addresses of the Gateway are those of the load balancer, otherwise those inside of the cluster.',
  'spec.service.annotations': 'Annotations of the Service alone, as load balancers ask for.',
  'spec.service.externalTrafficPolicy':
    'Local keeps the address of the client and needs a proxy on each node that traffic comes to.',
  'spec.service.ipFamilyPolicy': 'Address families of the Service. Default: PreferDualStack.',
  'spec.service.loadBalancerClass': 'Which of several load balancers of the cluster serves it. Cannot be changed.',
  'spec.service.loadBalancerSourceRanges': 'CIDR ranges of clients, where the load balancer knows the field.',
  'spec.upstream': 'How every upstream is treated.',
  'spec.upstream.connectionPool': 'Connections from each proxy to each Service port.',
  'spec.upstream.connectionPool.maxRequestsPerConnection':
    'Requests after which a connection is closed. Absent: no limit.',
  'spec.upstream.connectionPool.maxConnections':
    'Connections of each proxy to all endpoints of one Service port. Default: 65536.',
  'spec.upstream.connectionPool.h2UpgradePolicy':
    'upgrade: HTTP/2 without TLS to every Service port that names no appProtocol. do-not-upgrade (the default): HTTP/1.1.',
  'spec.upstream.outlierDetection':
    'Takes endpoints out that answer with errors. Absent: none is. At most half of the endpoints, so never the only one.',
  'spec.upstream.outlierDetection.consecutive5xxErrors':
    'Failed requests in a row that take an endpoint out. Default: 5.',
  'spec.upstream.outlierDetection.interval': 'Time between two looks at the endpoints, as 10s (the default).',
  'spec.upstream.outlierDetection.baseEjectionTime':
    'Time that an endpoint is out, times the number of times that it was, as 30s (the default).',
}
