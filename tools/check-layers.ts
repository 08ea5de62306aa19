/**
 * Fails on an import that layers.json does not allow, on impure code in pure layers, import cycles, default exports,
 * barrels and imports that Node cannot resolve from source.
 *
 *   node tools/check-layers.ts [--print]     --print writes the table of layers that ARCHITECTURE.md holds
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { posix } from 'node:path'
import { findImpurities, hasDefaultExport, isBarrel } from './check-layers/syntax.ts'
import { cyclesOf } from './check-layers/cycles.ts'
import {
  type ImportSite,
  importsOf,
  type ParsedFile,
  readSources,
  type SourceTexts,
  withParsed,
} from './source-tree.ts'

/** The shape of layers.json. */
export interface LayerRules {
  /** Layer to the layers that it may import, itself left out. */
  readonly layers: Readonly<Record<string, readonly string[]>>
  /** Layers that only tests, benches and each other may import. */
  readonly testOnly: readonly string[]
  readonly pure: {
    readonly layers: readonly string[]
    /** Files of `src/` that a pure layer may not import. */
    readonly impureLibs: readonly string[]
    /** Files of lib that use Node and are pure all the same. */
    readonly maySeeNode: readonly string[]
  }
}

/** `src/a/b.ts` is of layer `a`, `src/x.ts` of `main`; undefined outside of `src/`. */
export function layerOf(path: string): string | undefined {
  const [top, folder, ...rest] = path.split('/')
  if (top !== 'src' || folder === undefined) return undefined
  return rest.length === 0 ? 'main' : folder
}

const isTest = (path: string) => path.endsWith('.test.ts')

/** What is wrong, one line each, sorted by path and line. */
export function checkLayers(texts: SourceTexts, rules: LayerRules): readonly string[] {
  return withParsed(texts, (files) => {
    const sites = new Map(files.map((file) => [file.path, importsOf(file)]))
    const usesNode = new Set(files.filter(({ path }) => sites.get(path)?.some(isNodeImport)).map(({ path }) => path))
    const problems = files.flatMap((file) => [
      ...(sites.get(file.path) ?? []).flatMap((site) => {
        const reason = importProblem(file.path, site, rules, usesNode)
        return reason === undefined ? [] : [`${file.path}:${site.line}: ${reason}`]
      }),
      ...syntaxProblems(file, rules),
    ])
    const cycles = cyclesOf(new Map([...sites].map(([path, found]) => [path, found.map((site) => target(path, site))])))
    return [...problems, ...cycles.map((cycle) => `${cycle[0]}: import cycle ${cycle.join(' -> ')}`)]
  })
}

const isNodeImport = (site: ImportSite) => site.specifier.startsWith('node:')

function target(path: string, site: ImportSite): string {
  return site.specifier.startsWith('.') ? posix.join(posix.dirname(path), site.specifier) : site.specifier
}

function importProblem(
  path: string,
  site: ImportSite,
  rules: LayerRules,
  usesNode: ReadonlySet<string>,
): string | undefined {
  const layer = layerOf(path)
  const to = target(path, site)
  const isRelative = site.specifier.startsWith('.')
  if (isRelative && !/\.(ts|mjs|json)$/.test(to) && !to.includes('/gen/'))
    return `import ${site.specifier} must end in .ts`
  const toLayer = isRelative ? layerOf(to) : undefined
  if (layer === undefined || isTest(path)) return undefined
  if (isPure(layer, rules)) {
    const reason = pureImportProblem(layer, site, to, rules, usesNode)
    if (reason !== undefined) return reason
  }
  if (toLayer === undefined || toLayer === layer)
    return isRelative && toLayer === undefined ? outside(layer, to) : undefined
  const allowed = rules.layers[layer]
  if (allowed === undefined) return `layer ${layer} is not in layers.json: add it there with what it may import`
  if (allowed.includes(toLayer)) return undefined
  const list = allowed.length === 0 ? 'nothing but itself' : allowed.join(', ')
  if (rules.testOnly.includes(toLayer)) return `${to} is for tests alone; ${layer} may import ${list}`
  return `${layer} may not import ${toLayer} (${to}); it may import ${list}`
}

function outside(layer: string, to: string): string {
  return `${layer} may not import ${to}, which is outside of src/`
}

const isPure = (layer: string, rules: LayerRules) => rules.pure.layers.includes(layer)

function pureImportProblem(
  layer: string,
  site: ImportSite,
  to: string,
  rules: LayerRules,
  usesNode: ReadonlySet<string>,
): string | undefined {
  if (isNodeImport(site)) return `${layer} is pure: no ${site.specifier}`
  if (!to.startsWith('src/lib/') || rules.pure.maySeeNode.includes(to.slice(4))) return undefined
  if (rules.pure.impureLibs.includes(to.slice(4)) || usesNode.has(to)) return `${layer} is pure: no ${to}`
  return undefined
}

function syntaxProblems(file: ParsedFile, rules: LayerRules): readonly string[] {
  const { path } = file
  const layer = layerOf(path)
  return [
    ...(hasDefaultExport(file) ? [`${path}: default export; name it`] : []),
    ...(isBarrel(file) ? [`${path}: barrel; import from the file that defines the thing`] : []),
    ...(layer === undefined || isTest(path) || !isPure(layer, rules)
      ? []
      : findImpurities(file).map(({ line, what }) => `${path}:${line}: ${layer} is pure: no ${what}`)),
  ]
}

/** The layers as a Markdown table, lowest first. */
export function layerTable(rules: LayerRules): string {
  const rows = Object.entries(rules.layers).map(([layer, allowed]) => `| ${layer} | ${allowed.join(', ') || '-'} |`)
  return ['| layer | may import |', '|---|---|', ...rows].join('\n')
}

/** layers.json of the clone. */
export function readRules(root: string): LayerRules {
  return JSON.parse(readFileSync(join(root, 'layers.json'), 'utf8'))
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..')
  const rules = readRules(root)
  const problems = process.argv.includes('--print')
    ? []
    : checkLayers(readSources(root, ['src', 'tools', 'bench', 'fuzz', 'e2e']), rules)
  process.stdout.write(process.argv.includes('--print') ? `${layerTable(rules)}\n` : '')
  for (const problem of problems) process.stdout.write(`${problem}\n`)
  if (problems.length > 0) process.exitCode = 1
}
