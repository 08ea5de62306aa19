/** A step into an object: a field's name, or an index into a list. */
export type PathSegment = string | number

const plainName = /^[A-Za-z_][\w-]*$/
const step = /\.?([A-Za-z_][\w-]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/y

/** The path as messages show it: `spec.rules[0].path`, `metadata.labels["app.kubernetes.io/name"]`. */
export function formatPath(segments: readonly PathSegment[]): string {
  let path = ''
  for (const segment of segments) {
    if (typeof segment === 'number') path += `[${segment}]`
    else if (!plainName.test(segment)) path += `[${JSON.stringify(segment)}]`
    else path += path === '' ? segment : `.${segment}`
  }
  return path
}

/** The steps of a path that `formatPath` wrote; what follows the first unreadable step is left out. */
export function parsePath(path: string): readonly PathSegment[] {
  const segments: PathSegment[] = []
  step.lastIndex = 0
  while (step.lastIndex < path.length) {
    const match = step.exec(path)
    if (match === null) return segments
    if (match[1] !== undefined) segments.push(match[1])
    else if (match[2] !== undefined) segments.push(Number(match[2]))
    else segments.push(String(JSON.parse(match[3] ?? '""')))
  }
  return segments
}
