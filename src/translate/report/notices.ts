/** Remarks about objects that no condition can carry: what nobody serves gets no status, and what has no effect no reason. */
import type { Gateway, GatewayClass, HTTPRoute, ParentReference } from '../../api/gen/types.ts'
import { type EndpointsName, endpointsName } from '../../ir/names.ts'
import { parentGateway } from '../attach/routes.ts'
import type { BackendReference } from '../backends/service.ts'
import type { Notice, TranslateSettings } from '../contract.ts'
import { ignoredFields } from './field-support.ts'
import { foreignAnnotations } from './foreign-annotations.ts'

/** What a remark is about, without the object that it stands on. */
type Remark = Omit<Notice, 'object'>

/** Why nothing serves a Gateway, or which of its fields have no effect. `gatewayClass` is undefined when there is none. */
export function gatewayNotices(
  gateway: Gateway,
  gatewayClass: GatewayClass | undefined,
  settings: TranslateSettings,
): readonly Notice[] {
  const unserved = classRemark(gateway.spec.gatewayClassName, gatewayClass, settings)
  const isOurs = gatewayClass?.spec.controllerName === settings.controllerName
  const remarks = unserved === undefined ? (isOurs ? ownRemarks('Gateway', gateway) : []) : [unserved]
  const object = `Gateway/${gateway.metadata.namespace}/${gateway.metadata.name}`
  return remarks.map((remark) => ({ object, ...remark }))
}

/** A class of another controller is that one's business, unless nobody else reads the objects. */
function classRemark(
  name: string,
  gatewayClass: GatewayClass | undefined,
  { controllerName, platform }: TranslateSettings,
): Remark | undefined {
  const remark = (message: string): Remark => ({ field: 'spec.gatewayClassName', message })
  if (gatewayClass === undefined) {
    return remark(`there is no GatewayClass "${name}", so nothing serves the Gateway; create it or correct the name`)
  }
  const other = gatewayClass.spec.controllerName
  if (other !== controllerName) {
    const message = `GatewayClass "${name}" is of controller "${other}" and "${controllerName}" serves here; correct its controllerName or choose another class`
    return platform.kind === 'standalone' ? remark(message) : undefined
  }
  return undefined
}

/** What has no effect in an object that we serve. */
function ownRemarks(kind: string, object: Gateway | HTTPRoute): readonly Remark[] {
  return [...foreignAnnotations(object.metadata.annotations), ...ignoredFields(kind, object)]
}

/** Why nothing, or not every parent, serves a route: a parentRef to a Gateway that nobody knows gets no status entry. */
export function routeNotices(route: HTTPRoute, isServed: (gateway: string) => boolean): readonly Notice[] {
  const { namespace, name } = route.metadata
  const { parentRefs: parents = [], useDefaultGateways } = route.spec
  const remarks = parents.flatMap((parentRef, index) => {
    const message = parentRemark(parentRef, namespace, isServed)
    return message === undefined ? [] : [{ field: `spec.parentRefs[${index}]`, message }]
  })
  const isOurs = parents.some((parentRef) => isServed(parentGateway(parentRef, namespace) ?? ''))
  remarks.push(...(isOurs ? ownRemarks('HTTPRoute', route) : ignoredFields('HTTPRoute', route)))
  if (parents.length === 0 && useDefaultGateways !== 'All') {
    remarks.push({ field: 'spec.parentRefs', message: 'names no Gateway, so nothing serves the route; add one' })
  }
  const object = `HTTPRoute/${namespace}/${name}`
  return remarks.map((remark) => ({ object, ...remark }))
}

/** What is said of each reference of a route to a backend that has no endpoint, and of none that gets no requests. */
export function emptyBackendNotices(
  route: HTTPRoute | undefined,
  backend: EndpointsName,
  message: string,
): readonly Notice[] {
  if (route === undefined) return []
  const { namespace: own, name: routeName } = route.metadata
  const isIt = ({ namespace, name, port }: BackendReference) =>
    port !== undefined && endpointsName(namespace ?? own, name, port) === backend
  const fields = (route.spec.rules ?? []).flatMap(({ backendRefs = [], filters = [] }, index) => [
    ...backendRefs.flatMap((backendRef, at) =>
      isIt(backendRef) && backendRef.weight !== 0 ? [`spec.rules[${index}].backendRefs[${at}]`] : [],
    ),
    ...filters.flatMap(({ requestMirror }, at) =>
      requestMirror !== undefined && isIt(requestMirror.backendRef)
        ? [`spec.rules[${index}].filters[${at}].requestMirror.backendRef`]
        : [],
    ),
  ])
  return fields.map((field) => ({ object: `HTTPRoute/${own}/${routeName}`, field, message }))
}

function parentRemark(
  parentRef: ParentReference,
  namespace: string,
  isServed: (gateway: string) => boolean,
): string | undefined {
  const gateway = parentGateway(parentRef, namespace)
  if (gateway === undefined) {
    return `a parent of kind "${parentRef.kind}" is not supported yet, so the route does not attach to it; name a Gateway`
  }
  return isServed(gateway)
    ? undefined
    : `there is no Gateway "${gateway}" of a class served here, so the route does not attach to it; create it or correct name and namespace`
}
