import type { Action } from './action.ts'
import type { RouteMatch } from './match.ts'
import type { Origin } from './origin.ts'

/** What one optional filter or rule field said. Read back only through the accessor of the feature's own file. */
export interface FeatureValue {
  readonly feature: string
  readonly value: unknown
}

/** One match of one rule, ready to be ordered among the routes of its host. */
export interface Route {
  /** Never empty: an empty name is how the data plane sees a miss. */
  readonly name: string
  readonly match: RouteMatch
  readonly action: Action
  readonly features: readonly FeatureValue[]
  readonly origin: Origin
}
