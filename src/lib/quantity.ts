const form = /^(?<number>\d+(\.\d*)?|\.\d+)(?<suffix>[numkMGTPE]|[KMGTPE]i|[eE][+-]?\d{1,2})?$/
const decimal: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
}

/** The number that a Kubernetes quantity stands for (`128Mi`, `0.5`, `250m`, `1e3`); undefined when it is none. */
export function parseQuantity(text: string): number | undefined {
  const { number, suffix = '' } = form.exec(text)?.groups ?? {}
  if (number === undefined) return undefined
  if (suffix === '') return Number(number)
  if (suffix.endsWith('i')) return Number(number) * 1024 ** ('KMGTPE'.indexOf(suffix.charAt(0)) + 1)
  return Number(number) * (decimal[suffix] ?? Number(`1${suffix}`))
}
