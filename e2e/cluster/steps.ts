import type { Step } from './provider.ts'

/** After this time a step is named before it is done: builds take minutes. */
const longMs = 5000

/** Prints on standard error what was done and how many seconds it took. */
export const printedStep: Step = async (title, action) => {
  const startedAt = performance.now()
  const notice = setTimeout(() => console.error(`      ...  ${title}`), longMs)
  const result = await action().finally(() => clearTimeout(notice))
  console.error(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(7)} s  ${title}`)
  return result
}

/** Prints the messages of an error and of its causes. */
export function printReasons(error: unknown): void {
  if (!(error instanceof Error)) console.error(error)
  for (let at: unknown = error; at instanceof Error; at = at.cause) console.error(at.message)
}
