#!/usr/bin/env node
/**
 * Environments for other languages: one JSON object a line on standard input and output, or on a port of this machine.
 * `node experiments/environments/serve.ts --help`; the protocol is PROTOCOL.md, its client for Python python/.
 */
import { createServer, type Socket } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import { Command, InvalidArgumentError } from 'commander'
import { z } from 'zod'
import { EnvironmentConfig } from './config.ts'
import { LIMITS } from './protocol.ts'
import { createSession } from './session.ts'

const HELP = `
Example: one service scaled by −1, 0 or +1, two requests on standard input:
  printf '%s\\n' '{"id":1,"method":"make","params":{"config":{"kind":"single-service"}}}' \\
                '{"id":2,"method":"reset","params":{"environment":"e1","seed":7}}' | node experiments/environments/serve.ts

From Python: import forescale_env; env = forescale_env.make(kind="single-service")
The protocol: experiments/environments/PROTOCOL.md`

function portOf(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new InvalidArgumentError('allowed: a whole number from 0 (any free one) to 65535')
}

interface Client {
  readonly input: Readable
  readonly output: Writable
  /** After the first line that is no request; without it the client may go on. */
  readonly refuse?: () => void
}

/** Resolves when the client has said all and got all its answers. */
async function converse({ input, output, refuse }: Client): Promise<void> {
  const session = createSession({ env: process.env })
  for await (const line of linesOf(input)) {
    const answer = await session.handle(line)
    const fine = output.write(`${answer}\n`)
    // a page in a browser could send a request with lines of JSON behind its HTTP head
    if (refuse && answer.startsWith('{"id":null')) {
      refuse()
      return
    }
    if (!fine) await new Promise((resolve) => output.once('drain', resolve))
  }
}

/** Lines of a stream; of one that is too long only what shows that it is. */
async function* linesOf(input: Readable): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of input.setEncoding('utf8')) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.trim() !== '') yield line
    if (rest.length > LIMITS.lineLength) {
      yield rest
      return
    }
  }
  if (rest.trim() !== '') yield rest
}

function listen(port: number): void {
  const server = createServer((socket: Socket) => {
    socket.setNoDelay(true)
    // a client that went away took its environments with it
    socket.on('error', () => socket.destroy())
    void converse({ input: socket, output: socket, refuse: () => socket.end() })
      .catch(() => socket.destroy())
      .finally(() => socket.end())
  })
  server.maxConnections = LIMITS.connections
  server.on('error', (error) => {
    process.stderr.write(`serve: ${error.message}\n`)
    process.exitCode = 1
  })
  server.listen(port, '127.0.0.1', () => {
    const address = server.address()
    const listening = typeof address === 'object' && address ? address.port : port
    process.stdout.write(`${JSON.stringify({ listening: `127.0.0.1:${listening}` })}\n`)
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(0))
}

const { port, schema } = new Command('serve')
  .description('Environments of the simulated cluster, by lines of JSON.')
  .option(
    '--port <port>',
    'listen on 127.0.0.1 instead of standard input; 0: any free port',
    portOf,
  )
  .option('--schema', 'print what a configuration may hold, as JSON Schema, and end')
  .addHelpText('after', HELP)
  .parse()
  .opts<{ port?: number; schema?: true }>()

if (schema) {
  const described = z.toJSONSchema(EnvironmentConfig, { io: 'input' })
  process.stdout.write(`${JSON.stringify(described, null, 2)}\n`)
} else if (port === undefined) await converse({ input: process.stdin, output: process.stdout })
else listen(port)
