/** What one optional filter or rule field said. Read back only through the accessor of the feature's own file. */
export interface FeatureValue {
  readonly feature: string
  readonly value: unknown
}
