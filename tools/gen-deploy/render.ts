/** The chart as Helm renders it. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

const chart = join(import.meta.dirname, '..', '..', 'deploy', 'chart')

/** Where the control plane runs unless somebody says otherwise. */
const defaultNamespace = 'fairlead-system'

/** Pods that are less than restricted are refused there: PodSecurity "Restricted". */
const preamble = `# Written by tools/gen-deploy.ts from deploy/chart with its default values. Install it with:
#
#   kubectl apply --server-side -f fairlead.yaml
#
# The CRDs of the Gateway API come first, from its own release.
apiVersion: v1
kind: Namespace
metadata:
  name: ${defaultNamespace}
  labels:
    app.kubernetes.io/name: fairlead
    pod-security.kubernetes.io/enforce: restricted
    pod-security.kubernetes.io/warn: restricted
`

/** What `helm template` prints for the chart with these values (`name=value`, as --set takes them). */
export function helmTemplate(helm: string, values: readonly string[] = []): string {
  const set = values.flatMap((value) => ['--set', value])
  // A Helm 3 that somebody built by hand takes the version for 1.20 otherwise.
  const where = ['--namespace', defaultNamespace, '--kube-version', '1.36.0']
  return execFileSync(helm, ['template', 'fairlead', chart, ...where, ...set], { encoding: 'utf8' })
}

/** deploy/fairlead.yaml: the namespace, and the chart with its default values. */
export function renderDeploy(helm: string): string {
  const documents = helmTemplate(helm)
    .split(/^---$/m)
    .map((document) => document.replace(/^# Source:.*\n/m, '').trim())
    .filter((document) => document !== '')
  return `${[preamble.trim(), ...documents].join('\n---\n')}\n`
}
