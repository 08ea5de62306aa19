/** Remarks about objects that no condition can carry: what nobody serves gets no status, and what has no effect no reason. */
import type { Gateway, GatewayClass, HTTPRoute, ParentReference } from '../../api/gen/types.ts'
import { type EndpointsName, endpointsName } from '../../ir/names.ts'
import { parentGateway } from '../attach/routes.ts'
import type { BackendReference } from '../backends/service.ts'
import type { Notice, TranslateSettings } from '../contract.ts'
import { fleetServiceKey } from '../gateway/addresses.ts'
import { ignoredFields } from './field-support.ts'
import { foreignAnnotations } from './foreign-annotations.ts'

/** What a remark is about, without the object that it stands on. */
type Remark = Omit<Notice, 'object'>

/** What a Gateway's class is looked up in. */
export interface ClassContext {
  /** Undefined when there is none. */
  readonly gatewayClass: GatewayClass | undefined
  /** Names of the classes served here. */
  readonly served: () => readonly string[]
  readonly settings: TranslateSettings
}

/** Why nothing serves a Gateway, or which of its fields have no effect. */
export function gatewayNotices(gateway: Gateway, context: ClassContext): readonly Notice[] {
  const { gatewayClass, settings } = context
  const unserved = classRemark(gateway.spec.gatewayClassName, context)
  const isOurs = gatewayClass?.spec.controllerName === settings.controllerName
  const remarks = unserved === undefined ? (isOurs ? ownRemarks('Gateway', gateway) : []) : [unserved]
  const object = `Gateway/${gateway.metadata.namespace}/${gateway.metadata.name}`
  return remarks.map((remark) => ({ object, ...remark }))
}

/** What is said of a Gateway whose proxies were connected and are not any more, none of them. */
export function lostProxiesNotice(gateway: Gateway): Notice {
  const fleet = fleetServiceKey(gateway)
  const { namespace, name } = gateway.metadata
  const message = `no proxy is connected any more: nothing is served, or what the last ones were told; look at the pods of ${fleet}, and at the events of its Deployment or DaemonSet if there are none`
  return { object: `Gateway/${namespace}/${name}`, field: '', message }
}

/** A class of another controller is that one's business, unless nobody else reads the objects. */
function classRemark(
  name: string,
  { gatewayClass, served, settings: { controllerName, platform } }: ClassContext,
): Remark | undefined {
  const remark = (message: string): Remark => ({ field: 'spec.gatewayClassName', message })
  if (gatewayClass === undefined) {
    const names = served().map((one) => `"${one}"`)
    const advice = names.length === 0 ? 'create it' : `create it, or use ${names.join(' or ')}`
    return remark(`there is no GatewayClass "${name}", so nothing serves the Gateway; ${advice}`)
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

/** What a route's parents are looked up in. */
export interface ParentContext {
  /** Whether a Gateway is of a class served here. */
  readonly isServed: (gateway: string) => boolean
  /** The class of a Gateway, whoever serves it; undefined when there is no such Gateway. */
  readonly classOf: (gateway: string) => string | undefined
  /** Whether a class is there, of whatever controller. */
  readonly hasClass: (name: string) => boolean
  /** Namespaces with a Gateway of that name that is served here. */
  readonly namespacesOf: (name: string) => readonly string[]
  readonly settings: TranslateSettings
}

/** Why nothing, or not every parent, serves a route: a parentRef to a Gateway that nobody knows gets no status entry. */
export function routeNotices(route: HTTPRoute, context: ParentContext): readonly Notice[] {
  const { namespace, name } = route.metadata
  const { isServed } = context
  const { parentRefs: parents = [], useDefaultGateways } = route.spec
  const remarks = parents.flatMap((parentRef, index) => {
    const message = parentRemark(parentRef, namespace, context)
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
  { isServed, classOf, hasClass, namespacesOf, settings }: ParentContext,
): string | undefined {
  const gateway = parentGateway(parentRef, namespace)
  if (gateway === undefined) {
    return `a parent of kind "${parentRef.kind}" is not supported yet, so the route does not attach to it; name a Gateway`
  }
  if (isServed(gateway)) return undefined
  const className = classOf(gateway)
  if (className !== undefined) {
    // Of a Gateway of another controller that one tells, unless nobody else reads the objects.
    if (settings.platform.kind === 'kubernetes' && hasClass(className)) return undefined
    return `nothing here serves Gateway "${gateway}" (class "${className}"), so the route does not attach to it; correct the Gateway's class, or name another`
  }
  const others = namespacesOf(parentRef.name)
  const advice =
    others.length === 0
      ? 'create it or correct name and namespace'
      : `did you mean namespace: ${others.slice(0, 3).join(' or ')}?`
  return `there is no Gateway "${gateway}", so the route does not attach to it; ${advice}`
}
