/** The real brokers for tests: each in a folder of its own, on free loopback ports, ended with the test. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import getPort from 'get-port'

const run = promisify(execFile)
const START_LIMIT_MS = 60_000
const HOST = '127.0.0.1'

export interface Broker {
  readonly port: number
  /** Ends it and starts it again with what it had on disk. */
  restart(downMs: number): Promise<void>
  close(): Promise<void>
}

/** nats-server with JetStream. */
export async function startNats(): Promise<Broker> {
  const folder = await newFolder('nats')
  const port = await getPort()
  const args = ['-a', HOST, '-p', String(port), '-js', '-sd', folder]
  return startBroker({
    folder,
    port,
    launch: () => spawn('nats-server', args, { stdio: 'ignore' }),
  })
}

export async function startRabbit(): Promise<Broker> {
  const folder = await newFolder('rabbitmq')
  const [port, distribution] = [await getPort(), await getPort()]
  const config = path.join(folder, 'rabbitmq.conf')
  await writeFile(
    config,
    [
      `listeners.tcp.1 = ${HOST}:${port}`,
      'log.console = false',
      'vm_memory_high_watermark.absolute = 512MB',
      '',
    ].join('\n'),
  )
  const env = {
    ...process.env,
    HOME: folder,
    RABBITMQ_NODENAME: `forescale-${port}@localhost`,
    RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_MNESIA_BASE: path.join(folder, 'mnesia'),
    RABBITMQ_LOG_BASE: path.join(folder, 'log'),
    RABBITMQ_PID_FILE: path.join(folder, 'pid'),
    RABBITMQ_ENABLED_PLUGINS_FILE: path.join(folder, 'plugins'),
    RABBITMQ_CONFIG_FILE: config,
    ERL_EPMD_ADDRESS: HOST,
    ERL_EPMD_PORT: String(await getPort()),
  }
  const server = '/usr/lib/rabbitmq/bin/rabbitmq-server'
  return startBroker({
    folder,
    port,
    launch: () => spawn(server, [], { stdio: 'ignore', env, detached: true }),
    group: true,
  })
}

const KAFKA_LIBS = path.join(
  process.env.FORESCALE_KAFKA ?? path.join(homedir(), '.cache/forescale/kafka'),
  'libs',
)

/** One node that is broker and controller (KRaft). Throws when services/events/install-kafka.sh was not run. */
export async function startKafka(): Promise<Broker> {
  if (!existsSync(KAFKA_LIBS))
    throw new Error(`there is no Kafka in ${KAFKA_LIBS}: run services/events/install-kafka.sh`)
  const folder = await newFolder('kafka')
  const [port, controller] = [await getPort(), await getPort()]
  const properties = path.join(folder, 'server.properties')
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@${HOST}:${controller}`,
    listeners: `PLAINTEXT://${HOST}:${port},CONTROLLER://${HOST}:${controller}`,
    'advertised.listeners': `PLAINTEXT://${HOST}:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': path.join(folder, 'data'),
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '1',
    'group.initial.rebalance.delay.ms': '0',
  }
  await writeFile(
    properties,
    Object.entries(settings)
      .map(([key, value]) => `${key}=${value}`)
      .join('\n'),
  )
  const java = ['-Xmx256m', '-cp', `${KAFKA_LIBS}/*`]
  const cluster = 'Zm9yZXNjYWxlLXRlc3RzLQ'
  await run('java', [...java, 'kafka.tools.StorageTool', 'format', '-t', cluster, '-c', properties])
  return startBroker({
    folder,
    port,
    launch: () => spawn('java', [...java, 'kafka.Kafka', properties], { stdio: 'ignore' }),
  })
}

const newFolder = (name: string) => mkdtemp(path.join(tmpdir(), `forescale-${name}-`))

interface Started {
  readonly folder: string
  readonly port: number
  readonly launch: () => ChildProcess
  /** It has children: all are ended together. */
  readonly group?: boolean
}

async function startBroker({ folder, port, launch, group = false }: Started): Promise<Broker> {
  let child = launch()
  await listening(port, child)
  const end = async () => {
    const exit = once(child, 'exit')
    if (group) process.kill(-child.pid!, 'SIGTERM')
    else child.kill('SIGTERM')
    await exit
  }
  return {
    port,
    async restart(downMs) {
      await end()
      await sleep(downMs)
      child = launch()
      await listening(port, child)
    },
    async close() {
      await end()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function listening(port: number, child: ChildProcess): Promise<void> {
  const gone = once(child, 'error').then(([error]) => {
    throw error
  })
  const givenUpAtMs = Date.now() + START_LIMIT_MS
  while (!(await Promise.race([answers(port), gone]))) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with ${child.exitCode}`)
    if (Date.now() > givenUpAtMs) throw new Error(`${child.spawnfile} does not listen on ${port}`)
    await sleep(200)
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, HOST)
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
