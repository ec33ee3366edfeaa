// What a bench asks of a cloud before it begins: a program, stores, codes.
import { SMALL_PROGRAM } from '../../test/support/programs.ts'

export class Hq {
  readonly url: string
  readonly #token: string

  constructor(port: number, token: string) {
    this.url = `http://127.0.0.1:${port}`
    this.#token = token
  }

  async ask(path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(this.url + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`)
    return response.json()
  }

  publish(): Promise<unknown> {
    return this.ask('/v1/programs', { document: SMALL_PROGRAM })
  }

  /** A store's one-time code. */
  async code(name: string): Promise<string> {
    const { id } = (await this.ask('/v1/stores', { name, zone: 'Europe/London' })) as { id: number }
    return ((await this.ask(`/v1/stores/${id}/codes`, {})) as { code: string }).code
  }

  async edges(): Promise<readonly { seq: number; connected: boolean }[]> {
    return ((await this.ask('/v1/edges')) as { items: { seq: number; connected: boolean }[] }).items
  }
}
