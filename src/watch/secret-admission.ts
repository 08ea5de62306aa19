/**
 * Lets a Secret in only when it can be used, else keeps the one that is there: a certificate that went bad in an edit
 * must not take its listener down. The reason goes to its own source, so that status can say it.
 */
import type { Secret } from '../api/core.ts'
import type { Source } from '../graph/source.ts'

/** What is wrong with a Secret; undefined when it can be used. */
export type SecretCheck = (secret: Secret) => string | undefined

/** The two sources that a Secret may touch. */
export interface SecretSources {
  readonly secrets: Source<Secret>
  /** By `<namespace>/<name>`: why the newest version is not used. */
  readonly secretProblems: Source<string>
}

/** Adds or replaces a Secret. A bad one replaces only a bad one: a first version is let in so that status names it. */
export function setSecret(sources: SecretSources, secret: Secret, check: SecretCheck): void {
  const { secrets, secretProblems } = sources
  const key = `${secret.metadata.namespace}/${secret.metadata.name}`
  const before = secrets.get(key)
  const problem = check(secret)
  if (problem !== undefined && before !== undefined && check(before) === undefined) {
    secretProblems.set(key, problem)
    return
  }
  secretProblems.delete(key)
  secrets.set(key, secret)
}

/** Removes a Secret and what was said of it. */
export function deleteSecret(sources: SecretSources, key: string): void {
  sources.secretProblems.delete(key)
  sources.secrets.delete(key)
}
