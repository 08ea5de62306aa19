/** What users get wrong, each with all that is said about it: held against translation and a real Envoy. */
import { badCertificates } from './bad-certificates.ts'
import { badMeaning } from './bad-meaning.ts'
import { type BadCase, repeat, route } from './bad-objects.ts'
import { badStructure } from './bad-structure.ts'

/** Every case; their names are distinct. */
export const badCases: readonly BadCase[] = [...badStructure, ...badMeaning, ...badCertificates]

/** Every rule, match and backendRef of it is wrong: 16 x (8 x 16 + 16) problems. */
export const crowded: BadCase = {
  what: 'thousands of mistakes in one object',
  objects: [
    route('bad', {
      rules: repeat(16, () => ({
        matches: repeat(8, () => ({
          headers: repeat(16, (index) => ({ name: `x-${index}`, type: 'RegularExpression', value: '('.repeat(500) })),
        })),
        backendRefs: repeat(16, (index) => ({ name: `gone-${index}`, port: 80 })),
      })),
    }),
  ],
  says: [],
}
