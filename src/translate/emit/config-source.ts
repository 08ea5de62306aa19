import { envoy } from '../../envoy/gen/xds.js'

/** "Ask the one ADS stream": where every resource of ours comes from. */
export function adsSource(): envoy.config.core.v3.IConfigSource {
  return { ads: {}, resourceApiVersion: envoy.config.core.v3.ApiVersion.V3 }
}
