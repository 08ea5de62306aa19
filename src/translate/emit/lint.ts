/** What must hold for every listener that is emitted; tests run it over all of them. */
import { decodeMessage } from '../../envoy/encode.ts'
import type { NamedResource } from '../../envoy/resource.ts'
import { messageNameOf } from '../../envoy/types.ts'
import { hcmFilterName, hcmMessageName } from './hcm.ts'

/**
 * What is wrong with an emitted listener, one line each:
 * - a filter that is `disabled` in the connection manager is decided before the scope of a request is known, so what a
 *   route enables would not hold for other spellings of its host (architecture 15.3);
 * - an upgrade with filters of its own, or one that is switched per route, escapes the chain in the same way;
 * - a port that routes by scopes and does not wait for them answers 404 for hosts that are served (15.4).
 */
export function lintListener(resource: NamedResource): readonly string[] {
  const listener = decodeMessage('envoy.config.listener.v3.Listener', resource.bytes)
  const isBound = listener.bindToPort?.value ?? true
  return listener.filterChains.flatMap((chain) => {
    const filter = chain.filters.find(({ name }) => name === hcmFilterName)?.typedConfig
    if (filter == null || messageNameOf(filter.typeUrl) !== hcmMessageName)
      return [`${chain.name}: no connection manager`]
    const hcm = decodeMessage(hcmMessageName, filter.value)
    const isScoped = hcm.scopedRoutes != null
    return [
      ...hcm.httpFilters
        .filter(({ disabled }) => disabled)
        .map(({ name }) => `${chain.name}: filter ${name} is disabled`),
      ...hcm.upgradeConfigs
        .filter(({ filters, enabled }) => filters.length > 0 || enabled?.value === false)
        .map(({ upgradeType }) => `${chain.name}: upgrade ${upgradeType} has filters or a switch of its own`),
      ...(isScoped && isBound && resource.gate !== 'after-scopes'
        ? [`${chain.name}: does not wait for its scopes`]
        : []),
    ]
  })
}
