/** Bytes over a socket as nobody's client would send them: no client has normalised what is tested. */
import { connect } from 'node:net'

export interface RawAnswer {
  readonly text: string
  /** Of each answer that came. */
  readonly statuses: readonly number[]
  /** By the server, before we lost patience. */
  readonly closed: boolean
}

/** Writes the bytes and reads until the other side closes, or nothing more comes for `patienceMs`: long, for where it closes. */
export function raw(
  port: number,
  message: Buffer | string,
  patienceMs = 10_000,
): Promise<RawAnswer> {
  const bytes = typeof message === 'string' ? Buffer.from(message, 'latin1') : message
  return new Promise((resolve) => {
    let text = ''
    let closed = false
    const socket = connect(port, '127.0.0.1')
    const end = () => {
      socket.destroy()
      const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((m) => Number(m[1]))
      resolve({ text, statuses, closed })
    }
    socket.setTimeout(patienceMs, end)
    socket.on('data', (data) => {
      text += data.toString('latin1')
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      closed = true
      end()
    })
    socket.write(bytes)
  })
}

/** A request whose connection ends with its answer; `headers` as they stand on the wire. */
export function wire(method: string, target: string, headers: readonly string[] = [], body = '') {
  const own = headers.some((line) => /^host:/i.test(line)) ? [] : ['Host: 127.0.0.1']
  const lines = [`${method} ${target} HTTP/1.1`, ...own, ...headers, 'Connection: close']
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}
