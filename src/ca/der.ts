/** Values in DER (X.690) as certificates need them. */

/** Tag, length, content (X.690 8.1). */
export function der(tag: number, content: Uint8Array): Buffer {
  const { length } = content
  const head =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(head), content])
}

/** SEQUENCE (X.690 8.9). */
export function sequence(...parts: readonly Uint8Array[]): Buffer {
  return der(0x30, Buffer.concat(parts))
}

/** SET OF (X.690 8.12). Elements are not sorted: ours has one. */
export function setOf(...parts: readonly Uint8Array[]): Buffer {
  return der(0x31, Buffer.concat(parts))
}

/** An object identifier, its content in hexadecimal. */
export function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'))
}

/** OCTET STRING (X.690 8.7). */
export function octets(content: Uint8Array): Buffer {
  return der(0x04, content)
}

/** A bit string of whole bytes, or without its last bits. */
export function bits(content: Uint8Array, unused = 0): Buffer {
  return der(0x03, Buffer.concat([Buffer.from([unused]), content]))
}

/** UTF8String (X.690 8.23). */
export function utf8(text: string): Buffer {
  return der(0x0c, Buffer.from(text))
}

/** UTCTime until 2049, GeneralizedTime from then on (RFC 5280 4.1.2.5). Whole seconds. */
export function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/[-:T]/g, '').slice(0, 14)
  return digits < '2050' ? der(0x17, Buffer.from(`${digits.slice(2)}Z`)) : der(0x18, Buffer.from(`${digits}Z`))
}

/** A block of PEM (RFC 7468). */
export function pem(label: string, content: Buffer): string {
  const lines = content.toString('base64').replace(/.{64}/g, '$&\n').trimEnd()
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`
}
