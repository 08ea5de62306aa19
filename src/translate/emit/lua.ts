/**
 * The filters that find the scope of a request whose host is no key as it stands: other spellings, wildcards, hosts
 * nobody named. They run on a miss only (architecture 15.5); routes that serve switch them off, which costs a request
 * next to nothing, while a script that returns at once costs 3 us of CPU.
 */
import { packAny, typedExtension } from '../../envoy/any.ts'
import type { envoy } from '../../envoy/gen/xds.js'
import { bucketScopeName, type ScopeName } from '../../ir/names.ts'
import { hashContent } from '../../lib/hash.ts'
import { bucketCount } from '../gateway/path-buckets.ts'
import { builtInRouteNames, scopeHeader } from './route-config.ts'

type HttpFilter = envoy.extensions.filters.network.http_connection_manager.v3.IHttpFilter
type PerFilterConfig = NonNullable<envoy.config.route.v3.IRoute['typedPerFilterConfig']>

const luaFilterName = 'envoy.filters.http.lua'
const perRouteMessage = 'envoy.extensions.filters.http.lua.v3.LuaPerRoute'

/**
 * Copies of the filter in a chain. Envoy chooses the route anew when a filter begins and at the first `metadata()` of
 * that filter, whose result it keeps: so one copy makes two steps from scope to scope and leaves a third to be made.
 */
const copies = 6

/** The widest wildcards of a listener, so many, may be divided by paths: their bucket is a step more. */
export const maxDividedWildcards = 3

/**
 * Wildcard scopes of one listener that a request may fall through: two steps of each copy, less one for the host in
 * another case, one for the bucket of an exact host, one for the fallback scope and those for buckets of wildcards. What
 * lies deeper is not found. `*.d.c.b.a`, `*.c.b.a`, `*.b.a`, `*.a`, `*` are five.
 */
export const maxWildcardDepth = 2 * copies - 3 - maxDividedWildcards

/** What the name of a route that missed begins with; the scope to go on to follows. No other route's name begins so. */
const missMark = '>'

/** The same where the bucket of the path is to be added: a digit, the depth, and the key up to the bucket follow. */
const bucketsMark = '<'

/**
 * A step: the name of the route that missed says the next scope; without a route the lower-cased host is tried, then
 * the fallback scope of the table. Where the scope of a wildcard was asked before that of the host (`soleScopeValue`; 58
 * is a colon), a miss begins again with the host. `replace` clears the chosen route, `metadata()` chooses it again. `bucket` is
 * `pathBucket`: 47 is a slash, 63 and 35 begin query and fragment.
 */
const script = `local HEADER = "${scopeHeader}"
local byte, find, lower, sub = string.byte, string.find, string.lower, string.sub
local MISS, BUCKETS, NONE = ${missMark.charCodeAt(0)}, ${bucketsMark.charCodeAt(0)}, "${builtInRouteNames.notFound}"
local function bucket(path, depth)
  local hash = 0
  for at = 2, #path do
    local code = byte(path, at)
    if code == 63 or code == 35 then break end
    if code == 47 then
      depth = depth - 1
      if depth == 0 then break end
    end
    hash = (hash * 31 + code) % 65521
  end
  return hash % ${bucketCount}
end
local function next_of(name, scope, headers)
  local mark = byte(name)
  if mark == MISS then return sub(name, 2) end
  if mark == BUCKETS then
    local depth = byte(name, 2) - 48
    return sub(name, 3) .. bucket(headers:get(":path") or "", depth) .. (byte(scope, -1) == 58 and ":" or "")
  end
  local bar = find(scope, "|", 1, true)
  if not bar then return nil end
  if byte(scope, -1) == 58 and byte(scope, bar + 1) == 47 then
    return sub(scope, 1, bar) .. (headers:get(":authority") or "")
  end
  if mark then return nil end
  local small = lower(scope)
  if small ~= scope then return small end
  local fallback = sub(scope, 1, bar) .. "/"
  return scope ~= fallback and fallback or nil
end
function envoy_on_request(handle)
  local info = handle:streamInfo()
  local headers = handle:headers()
  local to = next_of(info:routeName(), headers:get(HEADER) or "", headers)
  if not to then return end
  headers:replace(HEADER, to)
  handle:metadata()
  local name = info:routeName()
  local mark = byte(name)
  if mark and mark ~= MISS and mark ~= BUCKETS and name ~= NONE then return end
  to = next_of(name, to, headers)
  if to then headers:replace(HEADER, to) end
end
`

/**
 * One virtual machine per worker for all of them: the script is the same in every chain. Its identity follows from the
 * script, so that a proxy which has an older one does not go on with it.
 */
export function luaFilters(): readonly HttpFilter[] {
  const filter = typedExtension(luaFilterName, 'envoy.extensions.filters.http.lua.v3.Lua', {
    defaultSourceCode: { inlineString: script },
    sharedVmId: `fairlead-${hashContent(script)}`,
  })
  return Array.from({ length: copies }, () => filter)
}

/** Switches the filters off for the routes below. It is read when a filter runs, so a route chosen anew decides. */
export const luaOff: PerFilterConfig = { [luaFilterName]: packAny(perRouteMessage, { disabled: true }) }

/** The route of a request that missed in its scope and goes on to another one. */
export function missRoute(scope: ScopeName): envoy.config.route.v3.IRoute {
  return searchRoute(`${missMark}${scope}`)
}

/** The route of a request that no route of a wildcard takes: 404, unless the host itself was not asked for yet. */
export function wildcardMissRoute(): envoy.config.route.v3.IRoute {
  return searchRoute(builtInRouteNames.notFound)
}

/** The route of every request to a host that is divided by paths: it goes on to the bucket of its path. */
export function bucketsRoute(scope: ScopeName, depth: number): envoy.config.route.v3.IRoute {
  const [anyIndex = ''] = bucketScopeName(scope, depth, 0).split(/0$/)
  return searchRoute(`${bucketsMark}${depth}${anyIndex}`)
}

function searchRoute(name: string): envoy.config.route.v3.IRoute {
  return {
    name,
    match: { prefix: '/' },
    directResponse: { status: 404 },
    typedPerFilterConfig: { [luaFilterName]: packAny(perRouteMessage, { filterContext: {} }) },
  }
}
