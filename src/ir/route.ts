import type { Action } from './action.ts'
import type { FeatureValue } from './feature-value.ts'
import type { RouteMatch } from './match.ts'
import type { Origin } from './origin.ts'

/** One match of one rule, ready to be ordered among the routes of its host. */
export interface Route {
  /** Never empty: an empty name is how the data plane sees a miss. */
  readonly name: string
  readonly match: RouteMatch
  readonly action: Action
  readonly features: readonly FeatureValue[]
  readonly origin: Origin
}
