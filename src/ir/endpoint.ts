import type { EndpointsName } from './names.ts'

/** The merged endpoints of one Service port, from every EndpointSlice of both address families; sorted, no duplicates. */
export interface Endpoints {
  readonly name: EndpointsName
  readonly endpoints: readonly Endpoint[]
}

/** One address. `draining`: still serving but terminating; takes traffic only when nothing else is ready. */
export interface Endpoint {
  readonly address: string
  readonly port: number
  readonly zone?: string | undefined
  readonly state: 'ready' | 'draining'
}
