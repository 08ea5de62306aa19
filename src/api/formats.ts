import type { StringFormat } from './schema.ts'

const dateTime = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const hexGroup = /^[0-9a-f]{1,4}$/i

/** Dotted decimal without leading zeros, as Go's parser takes it. */
export function isIPv4(text: string): boolean {
  const parts = text.split('.')
  return parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)
}

/** RFC 4291 2.2: eight groups, at most one `::`, the last two groups possibly dotted decimal. No zone. */
export function isIPv6(text: string): boolean {
  const halves = text.split('::')
  if (halves.length > 2 || !text.includes(':')) return false
  const [left = '', right] = halves
  const isLeftLast = right === undefined
  const leftCount = countGroups(left, isLeftLast)
  const rightCount = right === undefined ? 0 : countGroups(right, true)
  if (leftCount === undefined || rightCount === undefined) return false
  return isLeftLast ? leftCount === 8 : leftCount + rightCount <= 7
}

function countGroups(text: string, mayEndDotted: boolean): number | undefined {
  if (text === '') return 0
  const groups = text.split(':')
  const last = groups.at(-1) ?? ''
  const isDotted = mayEndDotted && last.includes('.')
  if (isDotted && !isIPv4(last)) return undefined
  const plain = isDotted ? groups.slice(0, -1) : groups
  return plain.every((group) => hexGroup.test(group)) ? plain.length + (isDotted ? 2 : 0) : undefined
}

/** How each format is checked and what it is called in a message. */
export const formats: Readonly<
  Record<StringFormat, { readonly test: (text: string) => boolean; readonly words: string }>
> = {
  'date-time': {
    test: (text) => dateTime.test(text) && !Number.isNaN(Date.parse(text)),
    words: 'a time as RFC 3339 writes it, such as 2026-01-31T12:00:00Z',
  },
  ipv4: { test: isIPv4, words: 'an IPv4 address, such as 192.0.2.1' },
  ipv6: { test: isIPv6, words: 'an IPv6 address, such as 2001:db8::1' },
  // Go's decoder skips line breaks inside base64.
  byte: { test: (text) => base64.test(text.replace(/[\r\n]/g, '')), words: 'base64' },
}
