/** The command `fairlead`: arguments in, exit code out. Each command is loaded only when it is asked for. */
import { Command, InvalidArgumentError, Option } from 'commander'
import packageJson from '../../package.json' with { type: 'json' }
import { processTerminal } from './terminal.ts'

const showChoices = ['status', 'listeners', 'scopes', 'routes', 'clusters', 'endpoints', 'secrets'] as const
type ShowChoice = (typeof showChoices)[number]

const filesHelp = 'file or folder of YAML or JSON; may be given several times'
const exitCodes = `
Exit codes:
  0  all is well; warnings do not count
  1  something in the input is wrong
  2  the command line is wrong, or an address cannot be had`

const program = new Command('fairlead')
  .description('An Envoy control plane for the Kubernetes Gateway API')
  .version(packageJson.version)
  .showHelpAfterError('(add --help for the options)')
  .addHelpText('after', exitCodes)
  .exitOverride()

program
  .command('up')
  .description('serve a folder: control plane, and an Envoy for every Gateway in it')
  .requiredOption('-f, --file <path...>', filesHelp)
  .option('--xds-address <host:port>', 'where proxies get their configuration', '127.0.0.1:18000')
  .option('--admin-address <host:port>', 'health, metrics and /debug of Fairlead', '127.0.0.1:19001')
  .option(
    '--envoy-admin-port <port>',
    'admin port of the first Envoy; further ones take the next free',
    parsePort,
    19000,
  )
  .option('--bind <address>', 'what Gateways without spec.addresses bind', '127.0.0.1')
  .option('--concurrency <n>', 'worker threads of each Envoy', parseCount, 2)
  .addOption(new Option('--stats <which>', 'statistics of Envoy').choices(['listed', 'all']).default('listed'))
  .addOption(new Option('--log-level <level>').choices(['debug', 'info', 'warn', 'error']).default('info'))
  .option('--no-envoy', 'serve xDS only; Envoys are started elsewhere')
  .option('--sample-backends', 'run the small backends of the quickstart as well')
  .addHelpText('after', '\nExample:\n  fairlead up -f examples/quickstart --sample-backends')
  .action(async (options) => {
    const { up } = await import('./up.ts')
    process.exitCode = await up(options, processTerminal)
  })

program
  .command('translate')
  .description('show the statuses and Envoy resources that files become; nothing is started')
  .requiredOption('-f, --file <path...>', filesHelp)
  .option('--show <what>', `comma-separated: ${showChoices.join(', ')}`, parseShow, [...showChoices])
  .addOption(new Option('-o, --output <format>').choices(['yaml', 'json']).default('yaml'))
  .addHelpText('after', '\nExample:\n  fairlead translate -f examples/quickstart --show status,scopes -o json')
  .action(async ({ file, show, output }) => {
    const { translate } = await import('./translate.ts')
    process.exitCode = translate({ files: file, show, output }, processTerminal)
  })

program
  .command('validate')
  .description('say everything that is wrong in files, with file, line, column and what to do')
  .requiredOption('-f, --file <path...>', filesHelp)
  .addOption(new Option('-o, --output <format>').choices(['text', 'json']).default('text'))
  .addHelpText('after', '\nExample:\n  fairlead validate -f routes/ || exit 1')
  .action(async ({ file, output }) => {
    const { validate } = await import('./validate.ts')
    process.exitCode = validate({ files: file, output }, processTerminal)
  })

function parseShow(value: string): readonly ShowChoice[] {
  return value.split(',').map((word) => {
    const found = showChoices.find((choice) => choice === word.trim())
    if (found === undefined) {
      throw new InvalidArgumentError(`"${word}" is none of ${showChoices.join(', ')}.`)
    }
    return found
  })
}

function parsePort(value: string): number {
  const port = Number(value)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new InvalidArgumentError('a port is a whole number up to 65535.')
  }
  return port
}

function parseCount(value: string): number {
  const count = Number(value)
  if (!Number.isInteger(count) || count < 1) {
    throw new InvalidArgumentError('it is a whole number above 0.')
  }
  return count
}

try {
  await program.parseAsync()
} catch (error) {
  const code = typeof error === 'object' && error !== null && 'exitCode' in error ? error.exitCode : undefined
  if (code === undefined) {
    processTerminal.err(`fairlead: ${error instanceof Error ? error.message : String(error)}\n`)
  }
  process.exitCode = code === 0 ? 0 : 2
}
