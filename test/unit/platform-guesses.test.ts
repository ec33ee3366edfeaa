// Guesses at passwords and letters that are asked for: what is counted against whom, and that no stranger keeps anybody out. Passwords are compared in the clear
// here; the hashes have their own test.
import { expect, test } from 'vitest'
import { accept } from '../../protocol/result.ts'
import type { Millis } from '../../protocol/time.ts'
import { addressOf } from '../../cloud/http/caller-address.ts'
import {
  LETTERS_CALLER_MAX,
  LETTERS_EACH_MAX,
  LETTERS_TOTAL_MAX,
  LETTERS_WINDOW_MS,
  LOGIN_ACCOUNT_WRONG_MAX,
  LOGIN_ADDRESS_WRONG_MAX,
  LOGIN_WINDOW_MS,
  LOGIN_WRONG_TOTAL_MAX,
} from '../../cloud/platform/limits.ts'
import { Logins } from '../../cloud/platform/logins.ts'
import type { Origin } from '../../cloud/platform/logins.ts'
import { Proofs } from '../../cloud/platform/proofs.ts'
import type { ClientId, PersonId, PersonRow, ProofRow } from '../../cloud/store/platform-port.ts'
import type { CloudStore } from '../../cloud/store/port.ts'
import { systemWith } from '../../cloud/system.ts'

const EMAILS = ['ada@x.example', 'bob@x.example']
const RIGHT = 'right password'

function personOf(email: string): PersonRow | undefined {
  const at = EMAILS.indexOf(email)
  const told = { firstName: email, lastName: '', birthday: null, password: RIGHT }
  return at < 0
    ? undefined
    : { id: (at + 1) as PersonId, ...told, created: 0 as Millis, modified: 0 as Millis }
}

interface Asked {
  code: string
  after: number | undefined
}

class Door {
  now = 1_000_000
  readonly logins: Logins
  looked = 0

  constructor() {
    const read = {
      personByContact: async (_: string, email: string) => personOf(email),
      person: async (id: PersonId) => personOf(EMAILS[id - 1] ?? ''),
    }
    // The few reads and the one write that a login makes.
    const store = { read, write: async () => undefined } as unknown as CloudStore
    const accepts = async (password: string, kept: string | null) => {
      this.looked++
      return accept(kept === password)
    }
    this.logins = new Logins({
      store,
      system: systemWith({ now: () => this.now }),
      passwords: { accepts },
    })
  }

  async ask(email: string, password: string, from: Partial<Origin> = {}): Promise<Asked> {
    const checked = await this.logins.check(email, password, { address: '10.0.0.1', ...from })
    return checked.ok
      ? { code: 'ok', after: undefined }
      : { code: checked.refusal.code, after: checked.refusal.retryAfterS }
  }

  async guess(times: number, email: string, from: (n: number) => Partial<Origin>): Promise<string[]> {
    const codes: string[] = []
    for (let n = 0; n < times; n++) codes.push((await this.ask(email, 'wrong', from(n))).code)
    return codes
  }

  async markOf(email: string): Promise<string> {
    const { mark } = await this.logins.open(personOf(email)?.id ?? (0 as PersonId))
    if (mark === undefined) throw new Error('no mark')
    return mark
  }
}

const elsewhere = (n: number): Partial<Origin> => ({ address: `10.1.0.${n}` })

test('PL-8 wrong passwords of an account are counted over all addresses, before they are looked at, until the window ends', async () => {
  for (const email of ['ada@x.example', 'nobody@x.example', 'no address']) {
    const door = new Door()
    expect(new Set(await door.guess(LOGIN_ACCOUNT_WRONG_MAX, email, elsewhere))).toEqual(
      new Set(['password_wrong']),
    )
    const looked = door.looked
    expect(await door.ask(email, RIGHT, { address: '10.2.0.1' })).toMatchObject({ code: 'too_many_requests' })
    expect(door.looked).toBe(looked)
    door.now += LOGIN_WINDOW_MS
    expect((await door.ask('ada@x.example', RIGHT)).code).toBe('ok')
  }
})

test('PL-8 wrong passwords of an address are counted over all accounts; other addresses go on', async () => {
  const door = new Door()
  for (let n = 0; n < LOGIN_ADDRESS_WRONG_MAX; n++)
    expect((await door.ask(`nobody${n}@x.example`, 'wrong')).code).toBe('password_wrong')
  expect((await door.ask('ada@x.example', RIGHT)).code).toBe('too_many_requests')
  expect((await door.ask('ada@x.example', RIGHT, { address: '10.0.0.2' })).code).toBe('ok')
})

test('PL-8 LOGIN_WRONG_TOTAL_MAX wrong passwords of all accounts and addresses together are looked at in a window', async () => {
  const door = new Door()
  for (let n = 0; n < LOGIN_WRONG_TOTAL_MAX; n++)
    expect((await door.ask(`x${n}@x.example`, 'wrong', { address: `a${n}` })).code).toBe('password_wrong')
  const looked = door.looked
  expect(await door.ask('ada@x.example', RIGHT, { address: 'b' })).toMatchObject({
    code: 'too_many_requests',
  })
  expect(door.looked).toBe(looked)
  door.now += LOGIN_WINDOW_MS
  expect((await door.ask('ada@x.example', RIGHT, { address: 'b' })).code).toBe('ok')
})

test('PL-8 a right password is no guess, and one that is not looked at is none at its address', async () => {
  const door = new Door()
  for (let n = 0; n < 3 * LOGIN_ADDRESS_WRONG_MAX; n++)
    expect((await door.ask('ada@x.example', RIGHT)).code).toBe('ok')
  await door.guess(LOGIN_ACCOUNT_WRONG_MAX, 'ada@x.example', elsewhere)
  for (let n = 0; n < LOGIN_ADDRESS_WRONG_MAX; n++)
    expect((await door.ask('ada@x.example', RIGHT)).code).toBe('too_many_requests')
  expect((await door.ask('bob@x.example', RIGHT)).code).toBe('ok')
})

test('PL-26 strangers who guess at an account keep its owner out of no browser that is known', async () => {
  const door = new Door()
  const [mark, other] = [await door.markOf('ada@x.example'), await door.markOf('ada@x.example')]
  expect(mark).toMatch(/^[\w-]{43}$/)
  expect(other).not.toBe(mark)
  await door.guess(LOGIN_ACCOUNT_WRONG_MAX + 5, 'ada@x.example', elsewhere)
  expect((await door.ask('ada@x.example', RIGHT)).code).toBe('too_many_requests')
  expect((await door.ask('ada@x.example', RIGHT, { mark })).code).toBe('ok')
  // The mark is bounded itself, and of its browser alone.
  const own = await door.guess(LOGIN_ACCOUNT_WRONG_MAX + 1, 'ada@x.example', () => ({ mark }))
  expect([own[0], own.at(-1)]).toEqual(['password_wrong', 'too_many_requests'])
  expect((await door.ask('ada@x.example', RIGHT, { mark, address: '10.3.0.1' })).code).toBe(
    'too_many_requests',
  )
  expect((await door.ask('ada@x.example', RIGHT, { mark: other })).code).toBe('ok')
})

test("PL-26 a mark is its person's only: one of another, a changed one, and none are strangers", async () => {
  const door = new Door()
  const mark = await door.markOf('bob@x.example')
  await door.guess(LOGIN_ACCOUNT_WRONG_MAX, 'ada@x.example', elsewhere)
  const own = await door.markOf('ada@x.example')
  const changed = `${own.startsWith('A') ? 'B' : 'A'}${own.slice(1)}`
  for (const given of [mark, changed, own.slice(0, 20), '', 'A'.repeat(43)])
    expect((await door.ask('ada@x.example', RIGHT, { mark: given })).code).toBe('too_many_requests')
  expect((await door.ask('nobody@x.example', RIGHT, { mark })).code).toBe('password_wrong')
})

test('PL-26 what a client sends is counted by client and account, beside the login page', async () => {
  const door = new Door()
  const [one, two] = [1 as ClientId, 2 as ClientId]
  await door.guess(LOGIN_ACCOUNT_WRONG_MAX, 'ada@x.example', elsewhere)
  expect((await door.ask('ada@x.example', RIGHT, { client: one })).code).toBe('ok')
  await door.guess(LOGIN_ACCOUNT_WRONG_MAX, 'ada@x.example', (n) => ({ ...elsewhere(n), client: one }))
  expect((await door.ask('ada@x.example', RIGHT, { client: one })).code).toBe('too_many_requests')
  expect((await door.ask('bob@x.example', RIGHT, { client: one })).code).toBe('ok')
  expect((await door.ask('ada@x.example', RIGHT, { client: two })).code).toBe('ok')
})

test('PL-27 the address is the last that the proxy of a node behind TLS wrote, and the socket where there is none', () => {
  const socket = { remoteAddress: '10.0.0.9' }
  const of = (forwarded: string | undefined, secure: boolean): string =>
    addressOf({ headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }, socket }, secure)
  expect(of('192.0.2.1', false)).toBe('10.0.0.9')
  expect(of(undefined, true)).toBe('10.0.0.9')
  expect(of('203.0.113.5, 192.0.2.1', true)).toBe('192.0.2.1')
  expect(of('192.0.2.1, 2001:db8::1', true)).toBe('2001:db8::1')
  for (const bad of ['', 'x', '192.0.2.1,', '192.0.2.1:80']) expect(of(bad, true)).toBe('10.0.0.9')
})

test('PL-19 one caller asks for so many letters; nobody’s address is answered alike and costs the same', async () => {
  const queued: string[] = []
  const proofs: Omit<ProofRow, 'hash'>[] = []
  const tx = {
    personByContact: async (_: string, email: string) => personOf(email),
    insertProof: async (row: ProofRow) => void proofs.push(row),
  }
  let now = 1_000_000
  const system = systemWith({ now: () => now })
  const asking = new Proofs({
    store: { write: async (work: (tx: unknown) => unknown) => work(tx) } as unknown as CloudStore,
    system,
    passwords: { hash: () => Promise.reject(new Error('none is set')) } as never,
    queue: async (_, { email }) => void queued.push(email),
  })
  const ask = (email: string, address: string) => asking.askPassword(1, email, address)
  expect(await ask('ada@x.example', 'a')).toEqual(await ask('nobody@x.example', 'a'))
  expect([queued, proofs]).toEqual([
    ['ada@x.example'],
    [expect.objectContaining({ person: 0, email: 'nobody@x.example', expires: system.clock.now() })],
  ])
  for (let n = 2; n < LETTERS_CALLER_MAX; n++) expect((await ask(`x${n}@x.example`, 'a')).ok).toBe(true)
  expect(await ask('y@x.example', 'a')).toMatchObject({ refusal: { code: 'too_many_requests' } })
  expect((await ask('y@x.example', 'b')).ok).toBe(true)
  for (let n = 1; n < LETTERS_EACH_MAX; n++) expect((await ask('ada@x.example', `c${n}`)).ok).toBe(true)
  expect(await ask('ada@x.example', 'd')).toMatchObject({ refusal: { code: 'too_many_requests' } })
  // All callers together: a window later, LETTERS_TOTAL_MAX and no more.
  now += LETTERS_WINDOW_MS
  for (let n = 0; n < LETTERS_TOTAL_MAX; n++) expect((await ask(`z${n}@x.example`, `e${n}`)).ok).toBe(true)
  expect(await ask('new@x.example', 'new')).toMatchObject({ refusal: { code: 'too_many_requests' } })
})
