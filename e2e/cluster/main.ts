/**
 * A cluster for developers, which goes on running.
 *
 *   npm run cluster -- up|down|status|env|exec COMMAND...|kubectl ARGS...|load IMAGE.tar...
 *
 * `up` leaves a cluster alone that runs. FAIRLEAD_CLUSTER_ID names one of several. Default: bare.
 */
import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { bareProvider } from './bare/provider.ts'
import { environmentOf } from './facts.ts'
import type { Cluster } from './provider.ts'
import { printedStep, printReasons } from './steps.ts'

const usage = 'usage: npm run cluster -- up|down|status|env|exec COMMAND...|kubectl ARGS...|load IMAGE.tar...'

const howToEnter = (cluster: Cluster) => `export KUBECONFIG=${cluster.kubeconfig}
# Its network is entered by: ${cluster.enter.join(' ')} COMMAND
# which \`npm run cluster -- exec COMMAND\` does; \`npm run cluster -- kubectl ARGS\` is kubectl there.`

async function found(id: string): Promise<Cluster> {
  const cluster = await bareProvider.find(id)
  if (cluster === undefined) throw new Error(`no cluster "${id}" runs: npm run cluster -- up`)
  return cluster
}

function enter(cluster: Cluster, command: readonly string[]): void {
  const [program = '', ...args] = [...cluster.enter, ...command]
  const env = { ...process.env, ...environmentOf(cluster) }
  process.exitCode = spawnSync(program, args, { stdio: 'inherit', env }).status ?? 1
}

async function main([verb = '', ...rest]: readonly string[], id: string): Promise<void> {
  switch (verb) {
    case 'up':
      return console.log(howToEnter((await bareProvider.find(id)) ?? (await bareProvider.start(id, printedStep))))
    case 'down':
      return printedStep('down', () => bareProvider.remove(id))
    case 'status':
      return console.log((await bareProvider.find(id)) === undefined ? 'down' : 'up')
    case 'env':
      return console.log(howToEnter(await found(id)))
    case 'exec':
      return enter(await found(id), rest)
    case 'kubectl': {
      const cluster = await found(id)
      return enter(cluster, [cluster.kubectl, ...rest])
    }
    case 'load': {
      const cluster = await found(id)
      for (const file of rest) await printedStep(file, () => cluster.loadImage(resolve(file)))
      return
    }
    default:
      console.error(usage)
      process.exitCode = 2
  }
}

try {
  await main(process.argv.slice(2), process.env.FAIRLEAD_CLUSTER_ID || 'bare')
} catch (error) {
  printReasons(error)
  process.exitCode = 1
}
