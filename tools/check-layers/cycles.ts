/** One cycle for every group of files that import each other: its files in import order, the first again at the end. */
export function cyclesOf(imports: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const cycles: string[][] = []
  const done = new Set<string>()
  const path: string[] = []
  const visit = (file: string): void => {
    const at = path.indexOf(file)
    if (at !== -1) {
      cycles.push([...path.slice(at), file])
      return
    }
    if (done.has(file) || !imports.has(file)) return
    path.push(file)
    for (const next of imports.get(file) ?? []) visit(next)
    path.pop()
    done.add(file)
  }
  for (const file of [...imports.keys()].sort()) visit(file)
  return cycles
}
