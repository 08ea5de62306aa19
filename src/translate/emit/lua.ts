/**
 * The filter that finds the scope of a request whose host is no key as it stands: other spellings, wildcards, hosts
 * nobody named. It runs on a miss only, that is when the route has no name (architecture 15.5).
 */
import { typedExtension } from '../../envoy/any.ts'
import type { envoy } from '../../envoy/gen/xds.js'
import { fallbackScopeName, type TableName } from '../../ir/names.ts'
import { scopeHeader } from './route-config.ts'

type HttpFilter = envoy.extensions.filters.network.http_connection_manager.v3.IHttpFilter

/** Name in the filter chain and key of the route metadata that the script reads. */
export const luaFilterName = 'envoy.filters.http.lua'

/** Hops from one scope to the next: more labels than a host name can have. Only a bug could need it. */
const maxHops = 130

/**
 * From a miss the metadata of the last route names the next scope; without it the lower-cased host is tried, then the
 * fallback scope. A route that serves carries no such metadata. `metadata()` is what makes Envoy choose the route again
 * after clearRouteCache().
 */
function script(fallback: string): string {
  return `local HEADER, FALLBACK = "${scopeHeader}", "${fallback}"
local function follow(handle, headers, scope)
  headers:replace(HEADER, scope)
  handle:clearRouteCache()
  return handle:metadata():get("scope")
end
function envoy_on_request(handle)
  local info = handle:streamInfo()
  if info:routeName() ~= "" then return end
  local headers = handle:headers()
  local to = handle:metadata():get("scope")
  if to == nil then
    local asked = headers:get(HEADER) or ""
    local lower = string.lower(asked)
    if lower ~= asked then
      to = follow(handle, headers, lower)
      if to == nil and info:routeName() ~= "" then return end
    end
    if to == nil then to = follow(handle, headers, FALLBACK) end
  end
  for _ = 1, ${maxHops} do
    if to == nil then return end
    to = follow(handle, headers, to)
  end
end
`
}

export function luaFilter(table: TableName): HttpFilter {
  return typedExtension(luaFilterName, 'envoy.extensions.filters.http.lua.v3.Lua', {
    defaultSourceCode: { inlineString: script(fallbackScopeName(table)) },
  })
}
