// An SMTP server that keeps what it is given: a real socket, the few commands of RFC 5321 that a client sends, and answers that a test chooses.
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'

export interface CapturedMail {
  readonly from: string
  readonly to: string
  /** Headers and body as they came. */
  readonly data: string
}

export class SmtpServer {
  readonly mails: CapturedMail[] = []
  /** What RCPT is answered with. */
  recipient = '250 ok'
  #server: Server | undefined
  readonly #sockets = new Set<Socket>()

  async start(): Promise<string> {
    const server = createServer((socket) => this.#serve(socket))
    this.#server = server
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>((resolve) => this.#server?.close(() => resolve()) ?? resolve())
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    let buffer = ''
    let data: string[] | null = null
    let from = ''
    let to = ''
    const say = (line: string): void => void socket.write(`${line}\r\n`)
    const take = (line: string): void => {
      if (data !== null) {
        if (line !== '.') return void data.push(line)
        this.mails.push({ from, to, data: data.join('\n') })
        data = null
        return say('250 kept')
      }
      const [verb = ''] = line.toUpperCase().split(/[ :]/)
      const address = /<([^>]*)>/.exec(line)?.[1] ?? ''
      if (verb === 'MAIL') from = address
      if (verb === 'RCPT') to = address
      if (verb === 'DATA') data = []
      say(ANSWERS[verb] ?? (verb === 'RCPT' ? this.recipient : '250 ok'))
    }
    socket.setEncoding('utf8')
    socket.on('error', () => undefined)
    socket.on('data', (chunk: string) => {
      buffer += chunk
      for (let end = buffer.indexOf('\r\n'); end >= 0; end = buffer.indexOf('\r\n')) {
        const line = buffer.slice(0, end)
        buffer = buffer.slice(end + 2)
        take(line)
      }
    })
    say('220 test')
  }
}

const ANSWERS: Readonly<Record<string, string>> = { DATA: '354 go on', QUIT: '221 bye' }
