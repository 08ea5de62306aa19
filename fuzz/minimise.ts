/** Makes a failing history of sets smaller while it still fails: fewer sets, fewer steps, smaller objects. */
import { isRecord } from '../src/api/compile.ts'
import type { ObjectSet, Step } from './finding.ts'
import type { Fields } from './world.ts'

/** Sets that are applied one after another. */
export type History = readonly ObjectSet[]

/** Whether a history still fails as it did. */
export type StillFails = (history: History) => Promise<boolean>

/** The smallest that was found with so many tries at most. `history` itself is taken to fail. */
export async function minimise(history: History, stillFails: StillFails, maxTries = 400): Promise<History> {
  let tries = maxTries
  const fails = async (candidate: History) => tries-- > 0 && (await stillFails(candidate))
  let current = await fewer(history, fails)
  for (const index of current.keys()) {
    const withSet = (steps: readonly Step[]) => current.map((set, at) => (at === index ? { ...set, steps } : set))
    const steps = current[index]?.steps ?? []
    current = withSet(await fewer(steps, (left) => fails(withSet(left))))
  }
  for (const index of current.keys()) {
    const steps = [...(current[index]?.steps ?? [])]
    for (const [at, step] of steps.entries()) {
      if (step.do !== 'set') continue
      const withObject = (object: Fields) =>
        current.map((set, other) => (other === index ? { ...set, steps: steps.with(at, { do: 'set', object }) } : set))
      steps[at] = { do: 'set', object: await smaller(step.object, (object) => fails(withObject(object))) }
      current = current.map((set, other) => (other === index ? { ...set, steps: [...steps] } : set))
    }
  }
  return current
}

/** Leaves out halves, then quarters, at last single items, for as long as what is left fails. */
async function fewer<T>(items: readonly T[], fails: (left: readonly T[]) => Promise<boolean>): Promise<readonly T[]> {
  let current = items
  for (let size = Math.ceil(items.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < current.length; ) {
      const left = current.toSpliced(at, size)
      if (left.length < current.length && (await fails(left))) current = left
      else at += size
    }
  }
  return current
}

type Path = readonly (string | number)[]

/** Takes away what is not needed, from the outside in, until nothing more can go. */
async function smaller(object: Fields, fails: (object: Fields) => Promise<boolean>): Promise<Fields> {
  let current = object
  for (let isShrinking = true; isShrinking; ) {
    isShrinking = false
    // Later items first: the paths of those before them stay true.
    for (const path of pathsOf(current).sort((a, b) => a.length - b.length || (a < b ? 1 : -1))) {
      const candidate = without(current, path)
      if (candidate === undefined || !(await fails(candidate))) continue
      current = candidate
      isShrinking = true
    }
  }
  return current
}

/** Every field and item but what an object cannot do without. */
function pathsOf(value: unknown, above: Path = []): Path[] {
  const keys = Array.isArray(value) ? [...value.keys()] : isRecord(value) ? Object.keys(value) : []
  return keys.flatMap((key) => {
    const path = [...above, key]
    const isNeeded = ['apiVersion', 'kind', 'metadata', 'metadata.name'].includes(path.join('.'))
    const child: unknown = Reflect.get(Object(value), key)
    return [...(isNeeded ? [] : [path]), ...pathsOf(child, path)]
  })
}

/** A copy without what is at the path; undefined when nothing is there any more. */
function without(object: Fields, path: Path): Fields | undefined {
  const copy: Fields = structuredClone(object)
  const last = path.at(-1)
  let parent: unknown = copy
  for (const key of path.slice(0, -1)) parent = parent === undefined ? undefined : Reflect.get(Object(parent), key)
  if (Array.isArray(parent) && typeof last === 'number' && last < parent.length) parent.splice(last, 1)
  else if (isRecord(parent) && last !== undefined && Object.hasOwn(parent, last)) Reflect.deleteProperty(parent, last)
  else return undefined
  return copy
}
