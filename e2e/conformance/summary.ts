/** What the conformance suite printed, counted by profile. */

/** What each test counts for: `{test: {profile: level}}`; written by the suite's own tables (conformance_test.go). */
export type Membership = Readonly<Record<string, Readonly<Record<string, 'core' | 'extended'>>>>

/** How tests ended. Skipped: a feature that it needs is not claimed, or it was left out on purpose. */
export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** Written to conformance/summary.json. */
export interface ConformanceSummary {
  /** Version of the suite, which is that of the CRDs. */
  readonly suite: string
  readonly channel: string
  readonly profiles: Readonly<Record<string, { readonly core: Counts; readonly extended: Counts }>>
  /** Tests that count for no profile. */
  readonly otherTests: Counts
  /** Names, sorted. */
  readonly failedTests: readonly string[]
  readonly seconds: number
}

type Verdict = keyof Counts

const verdicts: Readonly<Record<string, Verdict>> = { PASS: 'passed', FAIL: 'failed', SKIP: 'skipped' }

/** Results of the tests of the suite in what `go test -v` prints; subtests are part of their test. */
export function parseResults(output: string): ReadonlyMap<string, Verdict> {
  const results = new Map<string, Verdict>()
  for (const { groups } of output.matchAll(
    /^ *--- (?<verdict>PASS|FAIL|SKIP): TestConformance\/(?<name>[^/\s]+) \(/gm,
  )) {
    const verdict = verdicts[groups?.verdict ?? '']
    if (groups?.name !== undefined && verdict !== undefined) results.set(groups.name, verdict)
  }
  return results
}

/** Counts results by profile. A test that began and never ended, as after a crash, counts as failed. */
export function summarize(
  output: string,
  membership: Membership,
  facts: {
    readonly suite: string
    readonly channel: string
    readonly profiles: readonly string[]
    readonly seconds: number
  },
): ConformanceSummary {
  const results = new Map(parseResults(output))
  for (const { groups } of output.matchAll(/^=== RUN +TestConformance\/(?<name>[^/\s]+)$/gm)) {
    if (groups?.name !== undefined && !results.has(groups.name)) results.set(groups.name, 'failed')
  }
  const counted = (belongs: (levels: Readonly<Record<string, string>>) => boolean) =>
    count([...results].flatMap(([name, verdict]) => (belongs(membership[name] ?? {}) ? [verdict] : [])))
  return {
    suite: facts.suite,
    channel: facts.channel,
    profiles: Object.fromEntries(
      facts.profiles.map((profile) => [
        profile,
        {
          core: counted((levels) => levels[profile] === 'core'),
          extended: counted((levels) => levels[profile] === 'extended'),
        },
      ]),
    ),
    otherTests: counted((levels) => !facts.profiles.some((profile) => profile in levels)),
    failedTests: [...results].flatMap(([name, verdict]) => (verdict === 'failed' ? [name] : [])).sort(),
    seconds: facts.seconds,
  }
}

function count(verdictsOfTests: readonly Verdict[]): Counts {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const verdict of verdictsOfTests) counts[verdict] += 1
  return counts
}
