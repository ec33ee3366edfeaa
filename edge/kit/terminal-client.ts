// A till's side of the local API: typed calls, tried again under their key, kept on the till's own disk while the store node is away, handed in
// when it is back (KT). What a caller may rely on: a call that was answered `waiting` is on disk, and reaches the ledger exactly once.
import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import type { HistoryPage, MemberView, PerksAnswer, Quote, Receipt, Status } from '../till/answers.ts'
import type { HistoryQuery, TerminalKind } from '../till/inputs.ts'
import { Line } from './attempt.ts'
import type { Attempt, CallRefusal } from './attempt.ts'
import type { CallInput, QuoteCallInput } from './call-inputs.ts'
import { backoff } from './jitter.ts'
import { ATTEMPT_WAIT_MS_BASE, ATTEMPT_WAIT_MS_MAX, HAND_IN_MS, PATIENCE_MS } from './limits.ts'
import { StoreTime } from './store-time.ts'
import { WaitingCalls } from './waiting-calls.ts'
import type { WaitingCall } from './waiting-calls.ts'
import { Witness } from './witness.ts'

/** The answer to a write. */
export type CallReceipt = Receipt
export type CallQuote = Quote

export type Outcome<T> =
  /** `replayed`: the store had answered this key before. */
  | { readonly is: 'answered'; readonly answer: T; readonly replayed: boolean }
  | { readonly is: 'refused'; readonly refusal: CallRefusal }
  /** On this terminal's disk; the customer can go. */
  | { readonly is: 'waiting'; readonly key: string }
  /** Not known whether the store did it, and nothing waits: the same key asks again. */
  | { readonly is: 'unanswered'; readonly key: string; readonly why: string }

export type Settled = Extract<Outcome<Receipt>, { is: 'answered' | 'refused' }>

export interface TerminalOptions {
  /** `http://HOST:PORT` of the store node. */
  readonly url: string
  /** Over https: whom to trust, in PEM; else the runtime's own. */
  readonly ca?: string
  /** A token of role `terminal`. */
  readonly token: string
  /** A folder of the terminal's own disk, for calls that wait and the witness. Left out: nothing waits. */
  readonly directory?: string
  readonly patienceMs?: number
  /** A call that waited has come to its end. */
  readonly onSettled?: (key: string, outcome: Settled) => void
}

interface WriteRow {
  readonly path: (input: never) => string
  /** Fields of the input that stand in the path. */
  readonly inPath: readonly string[]
  readonly waits: boolean
  /** It may name when it happened (KT-8). */
  readonly timed: boolean
}

const at = (path: string, waits: boolean, timed: boolean): WriteRow => ({
  path: () => path,
  inPath: [],
  waits,
  timed,
})

/** Where each write goes, and whether it can wait (KT-3). */
const WRITES: Readonly<Record<TerminalKind, WriteRow>> = {
  sale: at('/v1/sales', true, true),
  return: at('/v1/returns', true, true),
  void: at('/v1/voids', true, false),
  checkin: at('/v1/checkins', true, true),
  enrolment: at('/v1/members', true, true),
  grant: at('/v1/grants', true, false),
  redemption: at('/v1/redemptions', false, false),
  redemption_capture: settling('capture'),
  redemption_cancel: settling('cancel'),
  voucher_use: {
    path: ({ code }: CallInput<'voucher_use'>) => `/v1/vouchers/${encodeURIComponent(code)}/use`,
    inPath: ['code'],
    waits: false,
    timed: false,
  },
}

function settling(word: 'capture' | 'cancel'): WriteRow {
  const path = ({ redemption }: CallInput<'redemption_capture'>): string =>
    `/v1/redemptions/${redemption}/${word}`
  return { path, inPath: ['redemption'], waits: true, timed: false }
}

export class TerminalClient {
  readonly #options: TerminalOptions
  readonly #line: Line
  readonly #waiting: WaitingCalls | undefined
  readonly #witness: Witness
  readonly #time = new StoreTime()
  readonly #closing = new AbortController()
  /** The call before: one after the other (KT-4). */
  #last: Promise<unknown> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined

  constructor(options: TerminalOptions) {
    this.#options = options
    const { url, ca, directory } = options
    this.#line = new Line(url, ca)
    if (directory !== undefined) mkdirSync(directory, { recursive: true, mode: 0o700 })
    this.#waiting = directory === undefined ? undefined : new WaitingCalls(directory)
    this.#witness = new Witness(directory)
    void this.#hearTime()
    this.#lookLater()
  }

  /** Calls on this terminal's disk that the store has not answered yet. */
  get waiting(): number {
    return this.#waiting?.count ?? 0
  }

  /** Records something; `key` makes a repetition harmless, and is made up when left out. Never rejects for what the store or the network does. */
  write<K extends TerminalKind>(
    kind: K,
    input: CallInput<K>,
    key: string = randomUUID(),
  ): Promise<Outcome<Receipt>> {
    return this.#next(() => this.#write(kind, callOf(kind, input, key, this.#time.now())))
  }

  quote(input: QuoteCallInput): Promise<Outcome<Quote>> {
    return this.#ask('POST', '/v1/quotes', JSON.stringify(input))
  }

  member(id: string): Promise<Outcome<MemberView>> {
    return this.#ask('GET', `/v1/members/${encodeURIComponent(id)}`)
  }

  findMember(kind: string, value: string): Promise<Outcome<MemberView>> {
    return this.#ask('GET', `/v1/members?${new URLSearchParams({ [kind]: value }).toString()}`)
  }

  perks(member?: string): Promise<Outcome<PerksAnswer>> {
    return this.#ask('GET', `/v1/perks${member === undefined ? '' : `?member=${encodeURIComponent(member)}`}`)
  }

  receipt(id: string): Promise<Outcome<Receipt>> {
    return this.#ask('GET', `/v1/receipts/${encodeURIComponent(id)}`)
  }

  history(query: HistoryQuery = {}): Promise<Outcome<HistoryPage>> {
    const text = new URLSearchParams(
      Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
    ).toString()
    return this.#ask('GET', `/v1/history${text === '' ? '' : `?${text}`}`)
  }

  status(): Promise<Outcome<Status>> {
    return this.#ask('GET', '/v1/status')
  }

  /** Ends open waits; what waits on disk stays there for the next start. */
  async close(): Promise<void> {
    this.#closing.abort()
    clearTimeout(this.#timer)
    await this.#last
    this.#line.close()
    this.#waiting?.close()
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => undefined)
    return done
  }

  async #write(kind: TerminalKind, call: WaitingCall): Promise<Outcome<Receipt>> {
    const deadline = this.#deadline()
    const attempt = (): Promise<Attempt> => this.#attempt(call)
    const queue = WRITES[kind].waits ? this.#waiting : undefined
    if (queue !== undefined && queue.count > 0 && !(await this.#handIn(deadline)))
      return queue.add(call) ? { is: 'waiting', key: call.key } : tooMany(call.key)
    const first = await attempt()
    if (first.is !== 'open') return settledOf(first)
    const kept = queue?.add(call) ?? false
    const last = await this.#again(attempt, first, deadline)
    if (last.is === 'open') {
      if (kept) return { is: 'waiting', key: call.key }
      return queue === undefined ? { is: 'unanswered', key: call.key, why: last.why } : tooMany(call.key)
    }
    if (kept) queue?.settle(call.key)
    return settledOf(last)
  }

  /** More attempts while patience lasts (KT-2). */
  async #again(make: () => Promise<Attempt>, first: Attempt, deadline: number): Promise<Attempt> {
    let last = first
    for (let attempt = 0; last.is === 'open' && performance.now() < deadline; attempt += 1) {
      const own = backoff(ATTEMPT_WAIT_MS_BASE, ATTEMPT_WAIT_MS_MAX, attempt)
      const pause = Math.max(last.retryAfterMs, own)
      if (performance.now() + pause > deadline || !(await this.#pause(pause))) break
      last = await make()
    }
    return last
  }

  /** KT-4, KT-6. True when nothing waits any more. */
  async #handIn(deadline: number): Promise<boolean> {
    const queue = this.#waiting
    for (let call = queue?.first(); queue !== undefined && call !== undefined; call = queue.first()) {
      const attempt = await this.#attempt(call)
      if (attempt.is === 'open') return false
      if (attempt.is === 'refused') queue.refuse(call, attempt.refusal)
      else queue.settle(call.key)
      this.#options.onSettled?.(call.key, settledOf(attempt))
      if (performance.now() > deadline && queue.count > 0) return false
    }
    return true
  }

  /** Now and then: is the store's time due, does it take what waits? */
  #lookLater(): void {
    if (this.#closing.signal.aborted) return
    this.#timer = setTimeout(() => {
      void this.#hearTime()
      const due = this.waiting > 0
      const work = due ? this.#next(() => this.#handIn(this.#deadline())) : Promise.resolve(true)
      void work.finally(() => this.#lookLater())
    }, HAND_IN_MS)
    this.#timer.unref()
  }

  #deadline(): number {
    return performance.now() + (this.#options.patienceMs ?? PATIENCE_MS)
  }

  async #attempt({ key, path, body }: WaitingCall): Promise<Attempt> {
    const attempt = await this.#line.attempt({
      method: 'POST',
      path,
      headers: { ...this.#headers(), 'idempotency-key': key },
      body,
    })
    if (attempt.is === 'answered') this.#witness.keep((attempt.body as Receipt).receipt)
    return attempt
  }

  #ask<T>(method: 'GET' | 'POST', path: string, body?: string): Promise<Outcome<T>> {
    return this.#next(async () => {
      const request = { method, path, headers: this.#headers(), ...(body === undefined ? {} : { body }) }
      const make = (): Promise<Attempt> => this.#line.attempt(request)
      const attempt = await this.#again(make, await make(), this.#deadline())
      if (attempt.is === 'open') return { is: 'unanswered', key: '', why: attempt.why }
      // The node describes this answer with the shape that the type is made of (H-1).
      return attempt.is === 'answered'
        ? { is: 'answered', answer: attempt.body as T, replayed: false }
        : { is: 'refused', refusal: attempt.refusal }
    })
  }

  async #hearTime(): Promise<void> {
    if (!this.#time.due) return
    const attempt = await this.#line.attempt({ method: 'GET', path: '/v1/status', headers: this.#headers() })
    if (attempt.is === 'answered') this.#time.heard((attempt.body as Status).time)
  }

  #headers(): Record<string, string> {
    const { header } = this.#witness
    return {
      authorization: `Bearer ${this.#options.token}`,
      ...(header === undefined ? {} : { 'tillstream-receipt': header }),
    }
  }

  async #pause(ms: number): Promise<boolean> {
    try {
      await wait(ms, undefined, { signal: this.#closing.signal })
      return true
    } catch {
      return false
    }
  }
}

/** The bytes of a call, fixed before its first attempt (KT-1, KT-8). */
function callOf<K extends TerminalKind>(kind: K, input: CallInput<K>, key: string, now: string): WaitingCall {
  const row = WRITES[kind]
  const fields = Object.entries(input).filter(([name]) => !row.inPath.includes(name))
  const body = Object.fromEntries(fields)
  if (row.timed && body.occurred_at === undefined) body.occurred_at = now
  // The row of a kind takes the input of that kind; TypeScript cannot correlate the two.
  return { key, path: (row.path as (input: unknown) => string)(input), body: JSON.stringify(body) }
}

function settledOf(attempt: Exclude<Attempt, { is: 'open' }>): Settled {
  return attempt.is === 'refused'
    ? { is: 'refused', refusal: attempt.refusal }
    : { is: 'answered', answer: attempt.body as Receipt, replayed: attempt.replayed }
}

const tooMany = (key: string): Outcome<Receipt> => ({
  is: 'unanswered',
  key,
  why: 'As many calls as this terminal can keep wait already; this one is recorded nowhere.',
})
