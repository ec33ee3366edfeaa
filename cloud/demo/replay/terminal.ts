// One till of a store during a replay: calls one after the other on one connection. A call that may not have arrived is made again with the
// same key, for at most RETRY_MS_MAX; what the store refuses is an error of the replay, because every planned call is one the store takes.
import { crc32 } from 'node:zlib'
import { setTimeout as wait } from 'node:timers/promises'
import { codeOf, pick, sentenceOf } from '../ask.ts'
import { WireConnection, WireFault } from '../wire.ts'
import type { WireAnswer } from '../wire.ts'
import type { Acknowledgement } from '../ack-log.ts'

const RETRY_MS_MAX = 60_000
const RETRY_BASE_MS = 20
const RETRY_STEP_MS_MAX = 1_000

/** The store said no, or never answered within RETRY_MS_MAX. */
export class CallFault extends Error {}

export interface ReplayAnswer extends Acknowledgement {
  readonly replayed: boolean
  readonly confirmed: boolean
  /** Points the receipt promised, of either sign. */
  readonly points: number
}

export class Terminal {
  readonly #connection: WireConnection
  readonly #onRetry: () => void

  constructor(port: number, token: string, onRetry: () => void) {
    this.#connection = new WireConnection(port, token)
    this.#onRetry = onRetry
  }

  async call(path: string, key: string, body: string): Promise<ReplayAnswer> {
    const deadline = Date.now() + RETRY_MS_MAX
    for (let attempt = 0; ; attempt += 1) {
      const outcome = await this.#try(path, key, body)
      if ('answer' in outcome) return answerOf(key, outcome.answer)
      if (outcome.final || Date.now() > deadline) throw new CallFault(`${path} ${key}: ${outcome.why}`)
      this.#onRetry()
      await wait(Math.min(RETRY_STEP_MS_MAX, RETRY_BASE_MS * 2 ** attempt))
    }
  }

  close(): void {
    this.#connection.close()
  }

  async #try(
    path: string,
    key: string,
    body: string,
  ): Promise<{ readonly answer: WireAnswer } | { readonly final: boolean; readonly why: string }> {
    let answer
    try {
      answer = await this.#connection.post(path, key, body)
    } catch (cause) {
      if (cause instanceof WireFault) return { final: false, why: cause.message }
      throw cause
    }
    if (answer.status < 300) return { answer }
    const problem = jsonOf(answer.body)
    const code = codeOf(problem)
    const later = answer.status >= 500 || answer.status === 429 || code === 'key_in_flight'
    return { final: !later, why: `${answer.status} ${code ?? ''} ${sentenceOf(problem)}` }
  }
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return body.toString('utf8')
  }
}

function answerOf(key: string, { body, replayed }: WireAnswer): ReplayAnswer {
  const receipt = jsonOf(body)
  return {
    key,
    id: pick(receipt, 'string', 'receipt', 'id'),
    hash: pick(receipt, 'string', 'receipt', 'hash'),
    checksum: crc32(body),
    replayed,
    confirmed: pick(receipt, 'string', 'status') === 'confirmed',
    points: pick(receipt, 'number', 'points'),
  }
}
