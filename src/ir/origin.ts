/** Which object and section produced a value: for status, logs and explanations. */
export interface Origin {
  /** Key of the object: `<Kind>/<namespace>/<name>`. */
  readonly object: string
  /** Field path inside the object, e.g. `spec.rules[1].matches[0]`. */
  readonly field: string
}
