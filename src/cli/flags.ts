/** What `fairlead up` was given, before anything is checked: texts as they came. */
export interface UpFlags {
  readonly file: readonly string[]
  readonly xdsAddress: string
  readonly adminAddress: string
  readonly envoyAdminPort: string
  readonly concurrency: string
  readonly stats: string
  readonly logLevel: string
  /** Absent: by whether standard output is a terminal. */
  readonly output?: string | undefined
  readonly envoy: boolean
  readonly sampleBackends: boolean
  readonly devCertificate: readonly string[]
}

/** What `fairlead controller` was given, before anything is checked: texts as they came. */
export interface ControllerFlags {
  /** Absent: the account of the pod that this runs in. */
  readonly kubeconfig?: string | undefined
  readonly context?: string | undefined
  readonly namespace: string
  /** Absent: host and process. */
  readonly identity?: string | undefined
  readonly xdsAddress: string
  /** Absent: the Service `fairlead` of the namespace. */
  readonly xdsHost?: string | undefined
  readonly probeAddress: string
  readonly adminAddress: string
  readonly envoyImage: string
  readonly stats: string
  readonly logLevel: string
}

/** What `fairlead translate` was given. */
export interface TranslateFlags {
  readonly file: readonly string[]
  readonly show: string
  readonly output: string
  readonly now?: string | undefined
}

/** What `fairlead validate` was given. */
export interface ValidateFlags {
  readonly file: readonly string[]
  readonly output: string
}

/** What `fairlead status` was given. */
export interface StatusFlags {
  readonly file: readonly string[]
  readonly admin: string
  readonly output: string
  readonly watch: boolean
}

/** What `fairlead wait` was given. */
export interface WaitFlags {
  readonly file: readonly string[]
  readonly admin: string
  /** Seconds. */
  readonly timeout: string
}

/** Where a command writes. */
export interface Terminal {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

/** Exit codes of every command. */
export const exitCodes = {
  ok: 0,
  /** The input has errors, or what was started failed. */
  failed: 1,
  /** Wrong flags or arguments. */
  usage: 2,
} as const
