/** A folder of manifests and a terminal that remembers, for tests of commands. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Terminal } from '../cli/flags.ts'

/** What a command printed and returned; the folder's name is cut from it. */
export interface CommandResult {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** A temporary folder with files in it. */
export class CliRig {
  readonly root = mkdtempSync(join(tmpdir(), 'fairlead-cli-'))

  constructor(files: Readonly<Record<string, string>> = {}) {
    for (const [path, text] of Object.entries(files)) this.write(path, text)
  }

  write(path: string, text: string): void {
    const place = join(this.root, path)
    mkdirSync(dirname(place), { recursive: true })
    writeFileSync(place, text)
  }

  /** Calls a command with a terminal of its own. */
  async run(command: (terminal: Terminal) => Promise<number> | number): Promise<CommandResult> {
    let out = ''
    let err = ''
    const code = await command({
      out: (text) => {
        out += text
      },
      err: (text) => {
        err += text
      },
    })
    return { code, out: this.relative(out), err: this.relative(err) }
  }

  /** The text with paths as seen from the folder. */
  relative(text: string): string {
    return text.replaceAll(`${this.root}/`, '')
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}

/** A class, a Gateway `default/gw` with listener `http` on port 8080, and Service `default/a` with one endpoint. */
export const goodManifests = `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: fairlead }
spec: { controllerName: fairlead.dev/gateway-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: gw }
spec:
  gatewayClassName: fairlead
  listeners: [{ name: http, port: 8080, protocol: HTTP }]
---
apiVersion: v1
kind: Service
metadata: { name: a }
spec: { ports: [{ port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: a-1, labels: { kubernetes.io/service-name: a } }
addressType: IPv4
ports: [{ port: 8080 }]
endpoints: [{ addresses: [10.0.0.1] }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: good }
spec:
  parentRefs: [{ name: gw }]
  hostnames: [good.example.com]
  rules: [{ backendRefs: [{ name: a, port: 80 }] }]
`
