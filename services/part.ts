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
  readonly kind: 'ready' | 'status'
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

export async function runPart(start: () => Promise<Part>): Promise<void> {
  const tell = (message: PartMessage): void => {
    if (process.connected) process.send?.(message)
  }
  process.on('SIGINT', () => {}) // Ctrl-C reaches the whole group: the parent says when to stop
  const part = await start()
  let stopping = false
  const stop = async (code: number): Promise<void> => {
    if (stopping) return
    stopping = true
    setTimeout(() => process.exit(code || 1), STOP_LIMIT_MS).unref()
    await part.stop()
    process.exit(code)
  }
  process.on('SIGTERM', () => void stop(0))
  process.on('disconnect', () => void stop(0))
  setInterval(() => tell({ kind: 'status', line: part.status() }), STATUS_EVERY_MS).unref()
  tell({ kind: 'ready', line: part.status() })
}
