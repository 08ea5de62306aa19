/** Names and addresses as core kinds restrict them: the forms that are no DNS name. */
import { isIPv4, isIPv6 } from './formats.ts'

/** Name of a container's port, which `targetPort` may give (RFC 6335 5.1). */
export function isPortName(text: string): boolean {
  return text.length <= 15 && /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(text) && /[a-z]/.test(text)
}

/** Key of a ConfigMap or a Secret. */
export function isConfigKey(text: string): boolean {
  return text.length <= 253 && /^[-._a-zA-Z0-9]+$/.test(text) && text !== '.' && !text.startsWith('..')
}

/** A DNS name of two labels or more, perhaps with a dot at its end. */
export function isFullyQualified(text: string): boolean {
  const name = text.endsWith('.') ? text.slice(0, -1) : text
  return name.length <= 253 && /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)+$/.test(name)
}

/** What is wrong with an IP address; undefined when it is one. An IPv4 address in the form of IPv6 is none. */
export function ipProblem(text: string): string | undefined {
  if (isIPv4(text)) return undefined
  if (!isIPv6(text)) return 'is no IP address'
  return groupsOf(text).slice(0, 6).join() === '0,0,0,0,0,65535' ? 'is an IPv4 address in the form of IPv6' : undefined
}

/** What is wrong with an address range such as 10.0.0.0/8; undefined when it is one. */
export function cidrProblem(text: string): string | undefined {
  const [address = '', length = '', ...rest] = text.split('/')
  const bits = isIPv4(address) ? 32 : 128
  const isRange = ipProblem(address) === undefined && rest.length === 0 && /^(?:0|[1-9]\d{0,2})$/.test(length)
  if (!isRange || Number(length) > bits) return 'is no range of addresses'
  const binary = (bits === 32 ? address.split('.').map(Number) : groupsOf(address))
    .map((part) => part.toString(2).padStart(bits === 32 ? 8 : 16, '0'))
    .join('')
  return binary.slice(Number(length)).includes('1') ? 'has bits behind the length of its prefix' : undefined
}

/** What an address is that names no host of a network; undefined for all others. */
export function specialAddress(text: string): 'unspecified' | 'loopback' | 'link-local' | undefined {
  if (isIPv4(text)) {
    const [first, second, third] = text.split('.').map(Number)
    if (text === '0.0.0.0') return 'unspecified'
    if (first === 127) return 'loopback'
    return (first === 169 && second === 254) || (first === 224 && second === 0 && third === 0)
      ? 'link-local'
      : undefined
  }
  const groups = groupsOf(text)
  const [first = 0] = groups
  if (groups.slice(0, 7).every((group) => group === 0)) {
    if (groups[7] === 0) return 'unspecified'
    if (groups[7] === 1) return 'loopback'
  }
  return (first & 0xffc0) === 0xfe80 || (first & 0xff0f) === 0xff02 ? 'link-local' : undefined
}

/** The eight groups of an IPv6 address (RFC 4291 2.2). */
function groupsOf(text: string): readonly number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text)
  const hex = (high: string | undefined, low: string | undefined) => (Number(high) * 256 + Number(low)).toString(16)
  const plain = dotted === null ? text : `${dotted[1]}${hex(dotted[2], dotted[3])}:${hex(dotted[4], dotted[5])}`
  const [left = '', right] = plain.split('::')
  const groups = (half: string) => (half === '' ? [] : half.split(':').map((group) => Number.parseInt(group, 16)))
  const [head, tail] = [groups(left), groups(right ?? '')]
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail]
}

/** An IPv6 address as RFC 5952 writes it. */
export function canonicalIPv6(text: string): string {
  const groups = groupsOf(text).map((group) => group.toString(16))
  let [start, length] = [-1, 1]
  for (let from = 0; from < 8; from++) {
    let to = from
    while (groups[to] === '0') to += 1
    if (to - from > length) [start, length] = [from, to - from]
  }
  if (start < 0) return groups.join(':')
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`
}
