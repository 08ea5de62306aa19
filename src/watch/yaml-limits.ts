/** What a text may cost. The full parser takes seconds and hundreds of MiB for each MiB, and everything else waits for it. */

/** Characters of one text that the full parser reads. Plain YAML, which has a reader of its own, is not counted. */
export const maxFullChars = 4 * 1024 * 1024
/** Mistakes of one document that are told: those after them mostly follow from them. */
export const maxProblems = 20
/** Building the value looks through all aliases for each. */
export const maxAliases = 2_000
/** Brackets that are open at once. The parser goes on with each of them after it has overflowed the stack. */
const maxOpenBrackets = 1_000

/** How much of one text the full parser has read. */
export class FullReading {
  #left = maxFullChars

  /** Whether so many characters more may be read. */
  take(chars: number): boolean {
    if (chars > this.#left) return false
    this.#left -= chars
    return true
  }
}

/** Offset of the bracket that is one too many. Brackets in quotes count too: no text has so many more of one side. */
export function openBracketTooDeep(text: string): number | undefined {
  let open = 0
  for (const { 0: bracket, index } of text.matchAll(/[[\]{}]/g)) {
    if (bracket === '[' || bracket === '{') open += 1
    else if (open > 0) open -= 1
    if (open > maxOpenBrackets) return index
  }
  return undefined
}
