import { createHash } from 'node:crypto'

const HASH_BYTES = 15

/**
 * Content hash of bytes or UTF-8 text: 20 base64url characters (the first 120 bits of SHA-256). Pure, the same in every
 * run; used as version, so that equal content is never sent twice.
 */
export function hashContent(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest().toString('base64url', 0, HASH_BYTES)
}

const labelAlphabet = '0123456789abcdefghijklmnopqrstuv'
const LABEL_LENGTH = 12

/** Hash of text in 12 lower-case letters and digits (60 bits of SHA-256): fits into names and labels of Kubernetes. */
export function hashLabel(text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, LABEL_LENGTH)
  return Array.from(bytes, (byte) => labelAlphabet[byte % labelAlphabet.length]).join('')
}
