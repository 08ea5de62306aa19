import type { Step } from './provider.ts'

/** Prints on standard error what was done and how many seconds it took. */
export const printedStep: Step = async (title, action) => {
  const startedAt = performance.now()
  const result = await action()
  console.error(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(7)} s  ${title}`)
  return result
}

/** Prints the messages of an error and of its causes. */
export function printReasons(error: unknown): void {
  if (!(error instanceof Error)) console.error(error)
  for (let at: unknown = error; at instanceof Error; at = at.cause) console.error(at.message)
}
