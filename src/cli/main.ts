/** The command line: what each command takes, and where it goes. Commands are loaded when they are called. */
import { Command, CommanderError, Option } from 'commander'
import type { FeaturesFlags } from './features.ts'
import { pinnedEnvoyVersion } from '../infra/envoy-binary.ts'
import {
  type ControllerFlags,
  exitCodes,
  type StatusFlags,
  type Terminal,
  type TranslateFlags,
  type UpFlags,
  type ValidateFlags,
  type WaitFlags,
} from './flags.ts'

/** What the command line needs from above. */
export interface CliContext {
  readonly version: string
  readonly controllerName: string
  readonly terminal: Terminal
  /** Runs until it is told to stop. Resolves to the exit code. */
  readonly up: (flags: UpFlags) => Promise<number>
  /** As `up`, for a cluster. */
  readonly controller: (flags: ControllerFlags) => Promise<number>
}

const exitHelp = `
Exit codes: 0 all is well; 1 the input has errors or what was started failed; 2 wrong flags.`

/** Parses the arguments after the program's name, runs the command, and resolves to the exit code. */
export async function runCli(args: readonly string[], context: CliContext): Promise<number> {
  let code: number = exitCodes.ok
  const program = new Command('fairlead')
    .description('An Envoy control plane for the Kubernetes Gateway API.')
    .version(context.version)
    .addHelpText('after', exitHelp)
    .configureOutput({ writeOut: context.terminal.out, writeErr: context.terminal.err })
    .exitOverride()
  const subcommand = (name: string) => program.command(name).exitOverride().showHelpAfterError('(--help says more)')
  describeUp(subcommand('up')).action(async (flags: UpFlags) => {
    code = await context.up(flags)
  })
  describeController(subcommand('controller')).action(async (flags: ControllerFlags) => {
    code = await context.controller(flags)
  })
  describeTranslate(subcommand('translate')).action(async (flags: TranslateFlags) => {
    const { runTranslate } = await import('./translate.ts')
    code = await runTranslate(flags, context.terminal, context.controllerName)
  })
  describeValidate(subcommand('validate')).action(async (flags: ValidateFlags) => {
    const { runValidate } = await import('./validate.ts')
    code = runValidate(flags, context.terminal, context)
  })
  describeFeatures(subcommand('features')).action(async (kinds: readonly string[], flags: FeaturesFlags) => {
    const { runFeatures } = await import('./features.ts')
    code = runFeatures(flags, kinds, context.terminal)
  })
  describeStatus(subcommand('status')).action(async (objects: readonly string[], flags: StatusFlags) => {
    const { runStatus } = await import('./status.ts')
    code = await runStatus(flags, objects, context.terminal, context.controllerName)
  })
  describeWait(subcommand('wait')).action(async (objects: readonly string[], flags: WaitFlags) => {
    const { runWait } = await import('./status.ts')
    code = await runWait(flags, objects, context.terminal, context.controllerName)
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    // Thrown in place of process.exit, for --help and --version too.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
    throw error
  }
}

const files = () =>
  new Option('-f, --file <path...>', 'file or folder with YAML or JSON objects; may be repeated').makeOptionMandatory()

function describeUp(command: Command): Command {
  return command
    .summary('serve a folder: control plane and one Envoy per Gateway')
    .description(
      'Serves what the files say with one local Envoy per Gateway, and follows every edit. Ctrl-C stops it all.',
    )
    .addOption(files())
    .addOption(
      new Option('--xds-address <host:port>', 'where proxies connect; loopback only')
        .default('127.0.0.1:18000')
        .env('FAIRLEAD_XDS_ADDRESS'),
    )
    .addOption(
      new Option('--admin-address <host:port>', 'readiness, metrics and /debug')
        .default('127.0.0.1:19000')
        .env('FAIRLEAD_ADMIN_ADDRESS'),
    )
    .addOption(
      new Option('--envoy-admin-port <port>', 'admin port of the first Envoy; further ones get the next free port')
        .default('19001')
        .env('FAIRLEAD_ENVOY_ADMIN_PORT'),
    )
    .addOption(
      new Option('--concurrency <threads>', 'worker threads of each Envoy').default('1').env('FAIRLEAD_CONCURRENCY'),
    )
    .addOption(
      new Option('--stats <which>', 'statistics that Envoy keeps: listed or all (costs memory)')
        .default('listed')
        .env('FAIRLEAD_STATS'),
    )
    .addOption(
      new Option('--log-level <level>', 'trace, debug, info, warn, error, fatal or silent')
        .default('info')
        .env('FAIRLEAD_LOG_LEVEL'),
    )
    .addOption(
      new Option('-o, --output <format>', 'screen (for people) or json (a log line per event)').default(
        undefined,
        'screen on a terminal, else json',
      ),
    )
    .option('--no-envoy', 'start no Envoy: proxies are run by somebody else')
    .option('--sample-backends', 'answer for EndpointSlices with the annotation fairlead.dev/sample-backend', false)
    .addOption(
      new Option(
        '--dev-certificate <namespace/name=host,...>',
        'make a self-signed certificate as this Secret; may be repeated',
      )
        .argParser((value: string, before: readonly string[]) => [...before, value])
        .default([], 'none'),
    )
    .addHelpText(
      'after',
      `
FAIRLEAD_ENVOY names the Envoy to run, FAIRLEAD_CACHE the folder for downloads and made certificates.

Examples:
  fairlead up -f examples/quickstart --sample-backends
  fairlead up -f routes/ -f services.yaml --concurrency 4
  fairlead up -f routes/ --dev-certificate infra/edge-tls=shop.example.com
${exitHelp}`,
    )
}

function describeController(command: Command): Command {
  return command
    .summary('serve a Kubernetes cluster: one fleet of Envoys per Gateway')
    .description(
      'Watches the cluster, runs the proxies of every Gateway in its namespace, serves them over xDS and writes status.',
    )
    .option('--kubeconfig <file>', 'cluster to connect to (default: the one that this runs in)')
    .option('--context <name>', 'context of the kubeconfig')
    .addOption(
      new Option('--namespace <name>', 'namespace of the control plane')
        .default('fairlead-system')
        .env('POD_NAMESPACE'),
    )
    .addOption(
      new Option('--identity <name>', 'tells control planes apart; one writes (default: host and process)').env(
        'POD_NAME',
      ),
    )
    .addOption(
      new Option('--xds-address <host:port>', 'where xDS listens').default('0.0.0.0:18000').env('FAIRLEAD_XDS_ADDRESS'),
    )
    .addOption(
      new Option(
        '--xds-host <host:port>',
        'where proxies connect (default: the Service fairlead of the namespace)',
      ).env('FAIRLEAD_XDS_HOST'),
    )
    .addOption(
      new Option('--probe-address <host:port>', '/readyz, /healthz and /metrics')
        .default('0.0.0.0:19000')
        .env('FAIRLEAD_PROBE_ADDRESS'),
    )
    .addOption(
      new Option('--admin-address <host:port>', 'the same and /debug, which shows the configuration; loopback only')
        .default('127.0.0.1:19001')
        .env('FAIRLEAD_ADMIN_ADDRESS'),
    )
    .addOption(
      new Option('--envoy-image <reference>', 'image of the proxies')
        .default(`docker.io/envoyproxy/envoy:distroless-v${pinnedEnvoyVersion}`)
        .env('FAIRLEAD_ENVOY_IMAGE'),
    )
    .addOption(
      new Option('--stats <which>', 'statistics that Envoy keeps: listed or all (costs memory)')
        .default('listed')
        .env('FAIRLEAD_STATS'),
    )
    .addOption(
      new Option('--log-level <level>', 'trace, debug, info, warn, error, fatal or silent')
        .default('info')
        .env('FAIRLEAD_LOG_LEVEL'),
    )
    .addHelpText(
      'after',
      `
Examples:
  fairlead controller
  fairlead controller --kubeconfig ~/.kube/config --xds-host 10.0.0.5:18000
${exitHelp}`,
    )
}

function describeTranslate(command: Command): Command {
  return command
    .summary('show statuses and Envoy resources, without running anything')
    .description(
      'Prints the status of every object and every Envoy resource that the files lead to. Private keys are left out.',
    )
    .addOption(files())
    .option(
      '--show <sections>',
      'any of status,listeners,scopes,routes,clusters,endpoints,secrets',
      'status,listeners,scopes,routes,clusters,endpoints,secrets',
    )
    .option('-o, --output <format>', 'yaml (one document each) or json (one array)', 'yaml')
    .option('--now <time>', 'lastTransitionTime of new conditions, for output that can be compared')
    .addHelpText(
      'after',
      `
Examples:
  fairlead translate -f examples/quickstart --show status
  fairlead translate -f gateway.yaml -f routes/ --show scopes,clusters -o json
${exitHelp}`,
    )
}

function describeValidate(command: Command): Command {
  return command
    .summary('say what is wrong with the files')
    .description(
      'Checks structure, references and everything that a status would complain about; one line per problem.',
    )
    .addOption(files())
    .option('-o, --output <format>', 'text (file:line:column: severity: field: message), json, sarif or junit', 'text')
    .addHelpText(
      'after',
      `
Examples:
  fairlead validate -f examples/quickstart
  fairlead validate -f routes/ -o sarif > problems.sarif
${exitHelp}`,
    )
}

function describeFeatures(command: Command): Command {
  return command
    .summary('say what becomes of every field of the Gateway API')
    .description(
      'Lists fields as programmed, refused (the object or rule does not serve), ignored (with a warning) or written by us.',
    )
    .argument('[kinds...]', 'only these, such as HTTPRoute')
    .option('-o, --output <format>', 'text or json', 'text')
    .addHelpText('after', exitHelp)
}

const someFiles = () =>
  new Option('-f, --file <path...>', 'files to look at (default: a control plane that runs)').default([], 'none')

const adminOf = () =>
  new Option('--admin <host:port>', 'admin interface of a control plane that runs')
    .default('127.0.0.1:19000')
    .env('FAIRLEAD_ADMIN_ADDRESS')

function describeStatus(command: Command): Command {
  return command
    .summary('say how every object is doing, and what to do first')
    .description(
      'Shows every object with its conditions in words: of files, or of a control plane that runs. 1 when not all is well.',
    )
    .argument('[object...]', 'kind/namespace/name or a part of it; what is wrong with others then does not count')
    .addOption(someFiles())
    .addOption(adminOf())
    .option('-o, --output <format>', 'text or json', 'text')
    .option('-w, --watch', 'go on and print again when something changes', false)
    .addHelpText(
      'after',
      `
Examples:
  fairlead status
  fairlead status -f examples/quickstart httproute/orders
  kubectl -n fairlead-system port-forward deploy/fairlead 19001 & fairlead status --admin 127.0.0.1:19001 -w
${exitHelp}`,
    )
}

function describeWait(command: Command): Command {
  return command
    .summary('wait until all is well')
    .description('Ends with 0 as soon as the objects, or all there are, have nothing to complain about.')
    .argument('[object...]', 'kind/namespace/name or a part of it; what is wrong with others then does not count')
    .addOption(someFiles())
    .addOption(adminOf())
    .option('--timeout <seconds>', 'gives up with 1 after this time', '60')
    .addHelpText(
      'after',
      `
Examples:
  fairlead wait gateway/infra/edge --timeout 30
${exitHelp}`,
    )
}
