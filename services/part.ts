/**
 * The frame of a process that `forescale up` starts: tells the parent when it is ready and how it is,
 * stops cleanly on SIGTERM, and ends itself when the parent is gone, so that no orphan is ever left.
 */
const STOP_LIMIT_MS = 15_000
const STATUS_EVERY_MS = 1000

export interface Part {
  /** One line for a person: what this part is doing now. */
  status(): string
  stop(): Promise<void>
}

export interface PartMessage {
  /** failed: it could not start; the line says why, and it ends itself. */
  readonly kind: 'ready' | 'status' | 'failed'
  readonly line: string
}

/** Where a part finds the others; set by the parent. */
export interface PartEnvironment {
  readonly configFile: string
  readonly stateDir: string
  readonly hostUrl: string
  readonly gatewayUrl: string
  readonly loadUrl: string
}

export function readPartEnvironment(env: NodeJS.ProcessEnv): PartEnvironment {
  const required = (name: string): string => {
    const value = env[name]
    if (!value) throw new Error(`${name} is not set: this process is started by "forescale up"`)
    return value
  }
  return {
    configFile: required('FORESCALE_CONFIG'),
    stateDir: required('FORESCALE_STATE_DIR'),
    hostUrl: env.FORESCALE_HOST_URL ?? '',
    gatewayUrl: env.FORESCALE_GATEWAY_URL ?? '',
    loadUrl: env.FORESCALE_LOAD_URL ?? '',
  }
}

/**
 * Starts the part and keeps it until it is told to stop. A part that cannot start says why and exits with
 * `exitCode` of the error (else 1).
 */
export async function runPart(start: () => Promise<Part>): Promise<void> {
  let part: Part | undefined
  let stopping = false
  const stop = async (): Promise<void> => {
    if (stopping) return
    stopping = true
    if (!part) process.exit(0) // still starting: nothing to bring home
    setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref()
    await part.stop()
    process.exit(0)
  }
  process.on('SIGINT', () => {}) // Ctrl-C reaches the whole group: the parent says when to stop
  process.on('SIGTERM', () => void stop())
  process.on('disconnect', () => void stop())
  // the parent may have gone while this module was being loaded
  if (process.send && !process.connected) process.exit(0)
  try {
    part = await start()
  } catch (error) {
    console.error(error)
    await tell({ kind: 'failed', line: error instanceof Error ? error.message : String(error) })
    process.exit(exitCodeOf(error))
  }
  const { status } = part
  setInterval(() => void tell({ kind: 'status', line: status() }), STATUS_EVERY_MS).unref()
  await tell({ kind: 'ready', line: status() })
}

/** Resolves when the message is out, or cannot be sent. */
function tell(message: PartMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.send && process.connected) process.send(message, () => resolve())
    else resolve()
  })
}

function exitCodeOf(error: unknown): number {
  const code =
    typeof error === 'object' && error !== null ? Reflect.get(error, 'exitCode') : undefined
  return typeof code === 'number' ? code : 1
}
