/** Condition types and reasons of the Gateway API, and the problem that leads to one. */
import { describeObject, type ObjectRef } from '../lib/object-ref.ts'

/** Condition types by their name. */
export const conditionTypes = {
  Accepted: 'Accepted',
  Programmed: 'Programmed',
  ResolvedRefs: 'ResolvedRefs',
  Conflicted: 'Conflicted',
  PartiallyInvalid: 'PartiallyInvalid',
  OverlappingTLSConfig: 'OverlappingTLSConfig',
  InsecureFrontendValidationMode: 'InsecureFrontendValidationMode',
  SupportedVersion: 'SupportedVersion',
} as const

/** A condition type of the Gateway API. */
export type ConditionType = keyof typeof conditionTypes

/** Reasons by their name. Which condition a reason belongs to is said beside it. */
export const reasons = {
  // Accepted, any object.
  Accepted: 'Accepted',
  Pending: 'Pending',
  Invalid: 'Invalid',
  // Accepted, GatewayClass.
  InvalidParameters: 'InvalidParameters',
  Unsupported: 'Unsupported',
  Waiting: 'Waiting',
  // SupportedVersion, GatewayClass.
  SupportedVersion: 'SupportedVersion',
  UnsupportedVersion: 'UnsupportedVersion',
  // Accepted, Gateway and ListenerSet.
  ListenersNotValid: 'ListenersNotValid',
  UnsupportedAddress: 'UnsupportedAddress',
  NotAllowed: 'NotAllowed',
  ParentNotAccepted: 'ParentNotAccepted',
  // Programmed, Gateway and its listeners.
  Programmed: 'Programmed',
  NoResources: 'NoResources',
  AddressNotAssigned: 'AddressNotAssigned',
  AddressNotUsable: 'AddressNotUsable',
  // ResolvedRefs, Gateway.
  ListenersNotResolved: 'ListenersNotResolved',
  InvalidClientCertificateRef: 'InvalidClientCertificateRef',
  // InsecureFrontendValidationMode, Gateway.
  ConfigurationChanged: 'ConfigurationChanged',
  // Accepted, listener.
  PortUnavailable: 'PortUnavailable',
  UnsupportedProtocol: 'UnsupportedProtocol',
  NoValidCACertificate: 'NoValidCACertificate',
  TooManyListeners: 'TooManyListeners',
  // Conflicted, listener.
  HostnameConflict: 'HostnameConflict',
  ProtocolConflict: 'ProtocolConflict',
  ListenerConflict: 'ListenerConflict',
  NoConflicts: 'NoConflicts',
  // OverlappingTLSConfig, listener.
  OverlappingHostnames: 'OverlappingHostnames',
  OverlappingCertificates: 'OverlappingCertificates',
  // ResolvedRefs, listener.
  ResolvedRefs: 'ResolvedRefs',
  InvalidCertificateRef: 'InvalidCertificateRef',
  InvalidRouteKinds: 'InvalidRouteKinds',
  RefNotPermitted: 'RefNotPermitted',
  InvalidCACertificateRef: 'InvalidCACertificateRef',
  InvalidCACertificateKind: 'InvalidCACertificateKind',
  // Accepted, route.
  NotAllowedByListeners: 'NotAllowedByListeners',
  NoMatchingListenerHostname: 'NoMatchingListenerHostname',
  NoMatchingParent: 'NoMatchingParent',
  UnsupportedValue: 'UnsupportedValue',
  IncompatibleFilters: 'IncompatibleFilters',
  // ResolvedRefs, route.
  InvalidKind: 'InvalidKind',
  BackendNotFound: 'BackendNotFound',
  // Accepted, policy.
  Conflicted: 'Conflicted',
  TargetNotFound: 'TargetNotFound',
} as const

/** A reason of the Gateway API. */
export type Reason = keyof typeof reasons

/** A user's mistake that parsing cannot see. It ends as the named condition of the object. */
export interface Problem {
  readonly condition: ConditionType
  readonly reason: Reason
  /** Names the field, quotes the value, says what to do. */
  readonly message: string
  /** Path in the object, as `spec.rules[0].backendRefs[1]`; '' when it is about the whole. */
  readonly field: string
}

/** A condition before the time of its last change is known: the status writer adds it. */
export interface UntimedCondition {
  readonly type: ConditionType
  readonly status: 'True' | 'False' | 'Unknown'
  readonly observedGeneration: number
  readonly reason: Reason
  readonly message: string
}

/** Longest condition message that the API server takes, in characters. */
const maxMessageChars = 32_768

/**
 * One condition that says all the problems of its type: False with the reason of the first and one message per line;
 * `holds` when there is none. Problems of other types are left out.
 */
export function toCondition(
  type: ConditionType,
  problems: readonly Problem[],
  holds: { readonly reason: Reason; readonly message: string },
  observedGeneration: number,
): UntimedCondition {
  const mine = problems.filter((problem) => problem.condition === type)
  const first = mine[0]
  if (first === undefined) return { type, status: 'True', observedGeneration, ...holds }
  const message = mine.map(describeProblem).join('\n')
  return { type, status: 'False', observedGeneration, reason: first.reason, message: clipMessage(message) }
}

/** `field: message`, or the message alone when the problem is about the whole object. */
export function describeProblem(problem: Problem): string {
  return problem.field === '' ? problem.message : `${problem.field}: ${problem.message}`
}

/** The message of a reference across namespaces that no ReferenceGrant allows. */
export function missingGrant(from: Omit<ObjectRef, 'name'>, to: ObjectRef): string {
  const target = `${to.kind} "${to.name}"`
  return `no ReferenceGrant in "${to.namespace}" lets ${from.kind} from "${from.namespace}" use ${target}; add one`
}

/** The message of a reference to an object that does not exist. */
export function missingObject(to: ObjectRef): string {
  return `${describeObject(to)} does not exist; create it or correct the reference`
}

/** The message, cut where the API server would refuse it. */
export function clipMessage(message: string): string {
  const fitting = message.length <= maxMessageChars ? message : `${message.slice(0, maxMessageChars - 1)}…`
  return fitting.toWellFormed()
}
