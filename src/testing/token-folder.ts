/** Where a proxy in a pod has its token and what names it, for proxies of tests. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tokenSecretFile, type XdsTls } from '../infra/xds-upstream.ts'

/** A folder that the token is replaced in as the kubelet does: a new folder, and a link that changes at once. */
export class TokenFolder {
  readonly #path = mkdtempSync(join(tmpdir(), 'fairlead-token-'))
  #versions = 0

  constructor(token: string) {
    this.put(token)
    symlinkSync('..data/token', join(this.#path, 'token'))
  }

  /** Replaces the token. */
  put(token: string): void {
    const version = `..${++this.#versions}`
    mkdirSync(join(this.#path, version))
    writeFileSync(join(this.#path, version, 'token'), token)
    symlinkSync(version, join(this.#path, '..next'))
    renameSync(join(this.#path, '..next'), join(this.#path, '..data'))
  }

  /** What the bootstrap is told; writes the file that it names. */
  tls(trust: Pick<XdsTls, 'caPem' | 'serverName'>): XdsTls {
    const tls = {
      ...trust,
      tokenPath: join(this.#path, 'token'),
      tokenSecretPath: join(this.#path, 'xds-token.json'),
    }
    writeFileSync(tls.tokenSecretPath, JSON.stringify(tokenSecretFile(tls)))
    return tls
  }

  remove(): void {
    rmSync(this.#path, { recursive: true, force: true })
  }
}
