import { createHash } from 'node:crypto'

const HASH_BYTES = 15

/**
 * Content hash of bytes or UTF-8 text: 20 base64url characters (the first 120 bits of SHA-256). Pure, the same in every
 * run; used as version, so that equal content is never sent twice.
 */
export function hashContent(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest().toString('base64url', 0, HASH_BYTES)
}
