/**
 * The filters that find the scope of a request whose host is no key as it stands: other spellings, wildcards, hosts
 * nobody named. They work on a miss only, that is when the route has no name (architecture 15.5).
 */
import { typedExtension } from '../../envoy/any.ts'
import type { envoy } from '../../envoy/gen/xds.js'
import { scopeHeader } from './route-config.ts'

type HttpFilter = envoy.extensions.filters.network.http_connection_manager.v3.IHttpFilter

/** Name in the filter chain and key of the route metadata that the script reads. */
export const luaFilterName = 'envoy.filters.http.lua'

/**
 * Copies of the filter in a chain. Envoy chooses the route anew when a filter begins and at the first `metadata()` of
 * that filter, whose result it keeps: so one copy makes two steps from scope to scope, and leaves a third to be made.
 */
const copies = 3

/**
 * One step: the metadata of the route that missed names the next scope; without it the lower-cased host is tried, then
 * the fallback scope of the table. A route that serves has a name. `replace` clears the chosen route, `metadata()`
 * chooses it again; `route()` only reads what was chosen before.
 */
const script = `local HEADER = "${scopeHeader}"
local function fallback(scope)
  local bar = string.find(scope, "|", 1, true)
  return bar and string.sub(scope, 1, bar) .. "/"
end
function envoy_on_request(handle)
  local info = handle:streamInfo()
  if info:routeName() ~= "" then return end
  local headers = handle:headers()
  local scope = headers:get(HEADER) or ""
  local last = fallback(scope)
  local to = handle:route():metadata():get("scope")
  if to == nil then
    if last == nil or scope == last then return end
    to = string.lower(scope)
    if to == scope then to = last end
  end
  headers:replace(HEADER, to)
  local next = handle:metadata():get("scope")
  if info:routeName() ~= "" then return end
  if next == nil then
    if to == last then return end
    next = last
  end
  headers:replace(HEADER, next)
end
`

/** One virtual machine per worker for all of them: the script is the same in every chain. */
export function luaFilters(): readonly HttpFilter[] {
  const filter = typedExtension(luaFilterName, 'envoy.extensions.filters.http.lua.v3.Lua', {
    defaultSourceCode: { inlineString: script },
    sharedVmId: 'fairlead',
  })
  return Array.from({ length: copies }, () => filter)
}
