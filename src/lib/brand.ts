declare const brand: unique symbol

/**
 * `T` with a name that the compiler tells apart, so that identifiers of one shape cannot be mixed up. It costs nothing
 * at run time. A branded value is made by a cast in one file only, beside the check that justifies it.
 */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name }
