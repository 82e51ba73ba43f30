/** Starts one replica as a child process and speaks its protocol. The only place that knows it is a process. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { REPLICA_SETTINGS, type ReplicaMessage, type ReplicaSettings } from './replica-protocol.ts'

const REPLICA_FILE = fileURLToPath(new URL('./replica.ts', import.meta.url))

export interface ReplicaProcess {
  /** 0 when the process could not be started; `exited` follows. */
  readonly pid: number
  /** Take no new work, finish what is there, end. */
  drain(): void
  kill(): void
}

export interface ReplicaEvents {
  listening(port: number): void
  ready(): void
  /** Refused while draining: a request that the gateway sent too late. */
  drained(refused: number): void
  exited(): void
}

export type StartReplica = (settings: ReplicaSettings, events: ReplicaEvents) => ReplicaProcess

export const startReplicaProcess: StartReplica = (settings, events) => {
  const child = fork(REPLICA_FILE, [], {
    env: { ...process.env, [REPLICA_SETTINGS]: JSON.stringify(settings) },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  let over = false
  const end = () => {
    if (over) return
    over = true
    events.exited()
  }
  child.on('message', (message: ReplicaMessage) => {
    if (message.kind === 'listening') events.listening(message.port)
    else if (message.kind === 'ready') events.ready()
    else events.drained(message.refused)
  })
  child.on('exit', end)
  child.on('error', () => {
    // a failed send to a dying child also lands here; only a child that never lived has no exit to come
    if (child.pid === undefined) end()
  })
  return {
    pid: child.pid ?? 0,
    drain() {
      if (child.connected) child.send({ kind: 'drain' })
    },
    kill() {
      child.kill('SIGKILL')
    },
  }
}
