// Bounds of who may do what (P-LIM-1): passwords, logins, addresses of a person, and what ran out. The few reads and writes that each makes are answered here.
import { expect, test } from 'vitest'
import { Identification } from '../../cloud/platform/identification.ts'
import {
  BROWSER_SESSION_MS_MAX,
  CONTACTS_OF_PERSON_MAX,
  IDENTIFY_TOKEN_MS_MAX,
  INVITATION_MS_MAX,
  PASSWORD_CHARS_MAX,
  PASSWORD_CHARS_MIN,
  PASSWORD_MEMORY_KIB,
  PASSWORD_PASSES,
  PLATFORM_SWEEP_MAX,
  PLATFORM_SWEEP_MS,
  STATE_CHARS_MAX,
} from '../../cloud/platform/limits.ts'
import { Logins } from '../../cloud/platform/logins.ts'
import { Passwords } from '../../cloud/platform/passwords.ts'
import { Platform } from '../../cloud/platform/platform.ts'
import type { Principal } from '../../cloud/platform/principal.ts'
import { Proofs } from '../../cloud/platform/proofs.ts'
import type { PersonId } from '../../cloud/store/platform-port.ts'
import type { CloudStore } from '../../cloud/store/port.ts'
import { systemWith } from '../../cloud/system.ts'
import { VirtualSystem } from '../support/virtual-system.ts'

const NOW = 1_000_000
const ADA = 1 as PersonId

/** A store of a few answers. */
const storeOf = (read: object, tx: object = {}): CloudStore =>
  ({ read, write: async (work: (tx: unknown) => unknown) => work(tx) }) as unknown as CloudStore

test('PL-9 a password has PASSWORD_CHARS_MIN to PASSWORD_CHARS_MAX characters, and its hash the cost that is said', async () => {
  const passwords = new Passwords()
  const hashOf = (chars: number): Promise<unknown> => passwords.hash('p'.repeat(chars))
  for (const chars of [PASSWORD_CHARS_MIN - 1, PASSWORD_CHARS_MAX + 1])
    expect(await hashOf(chars)).toMatchObject({ refusal: { code: 'input_invalid', param: '/password' } })
  const cost = `$argon2id$v=19$m=${PASSWORD_MEMORY_KIB},t=${PASSWORD_PASSES},p=1$`
  for (const chars of [PASSWORD_CHARS_MIN, PASSWORD_CHARS_MAX]) {
    const made = await passwords.hash('p'.repeat(chars))
    expect(made.ok && made.value.startsWith(cost)).toBe(true)
    expect(made.ok && (await passwords.accepts('p'.repeat(chars), made.value))).toEqual({
      ok: true,
      value: true,
    })
  }
  // Nobody's is longer: it is not hashed at all.
  expect(await passwords.accepts('p'.repeat(PASSWORD_CHARS_MAX + 1), null)).toEqual({
    ok: true,
    value: false,
  })
})

test('PL-7 a login in a browser lasts BROWSER_SESSION_MS_MAX', async () => {
  let now = NOW
  let kept: { expires: number } | undefined
  const person = { id: ADA, password: 'hash' }
  const logins = new Logins({
    store: storeOf(
      { person: async () => person, session: async () => ({ person: ADA, ...kept }) },
      { insertSession: async (row: { expires: number }) => void (kept = row) },
    ),
    system: systemWith({ now: () => now }),
    passwords: { accepts: () => Promise.reject(new Error('none is compared')) },
  })
  const { session } = await logins.open(ADA)
  now += BROWSER_SESSION_MS_MAX - 1
  expect(await logins.personOf(session)).toEqual(person)
  now += 1
  expect(await logins.personOf(session)).toBeUndefined()
})

test('PL-20 PL-13 a person has CONTACTS_OF_PERSON_MAX addresses and numbers; an invitation that is sent lasts INVITATION_MS_MAX', async () => {
  let contacts = CONTACTS_OF_PERSON_MAX - 1
  let queued = 0
  let expires = 0
  const proofs = new Proofs({
    store: storeOf(
      {},
      {
        contactsOf: async () => Array.from({ length: contacts }, () => ({})),
        personByContact: async () => undefined,
        insertInvitation: async (row: { expires: number }) => void (expires = row.expires),
      },
    ),
    system: systemWith({ now: () => NOW }),
    passwords: new Passwords(),
    queue: async () => void (queued += 1),
  })
  expect((await proofs.askAddress(1, ADA, 'a@x.example')).ok).toBe(true)
  contacts += 1
  expect(await proofs.askAddress(1, ADA, 'b@x.example')).toMatchObject({
    refusal: { code: 'input_invalid', param: 'email' },
  })
  expect(queued).toBe(1)
  const letter = { tenant: 1, person: 0, email: 'c@x.example', word: 'EMPLOYEE' } as const
  await proofs.pathOf({ ...letter, type: 'BUSINESS_ADD_EMPLOYEE_INFORM' } as never)
  expect(expires).toBe(NOW + INVITATION_MS_MAX)
})

test('PL-12 the state of an identification has STATE_CHARS_MAX characters, and its token lasts IDENTIFY_TOKEN_MS_MAX', async () => {
  const identification = new Identification({
    store: storeOf(
      { client: async () => ({ redirectUris: ['https://app.example/'] }) },
      { insertIdentification: async () => undefined },
    ),
    system: systemWith({ now: () => NOW }),
    connected: async () => true,
  })
  const caller = {
    client: 1,
    person: ADA,
    staff: [{ role: 'ADMIN' }],
    family: 1,
    tenant: 1,
  } as unknown as Principal
  const begin = (chars: number): Promise<unknown> =>
    identification.begin(caller, { redirectUri: 'https://app.example/', state: 's'.repeat(chars) })
  expect(await begin(STATE_CHARS_MAX)).toMatchObject({
    ok: true,
    value: { expires: NOW + IDENTIFY_TOKEN_MS_MAX },
  })
  expect(await begin(STATE_CHARS_MAX + 1)).toMatchObject({
    refusal: { code: 'input_invalid', param: 'state' },
  })
})

test('P-LIM-1 what ran out is taken away every PLATFORM_SWEEP_MS, PLATFORM_SWEEP_MAX rows of each kind at a time', async () => {
  const system = new VirtualSystem(NOW)
  const sweeps: number[][] = []
  const platform = new Platform({
    store: storeOf({}, { sweepPlatform: async (...said: number[]) => void sweeps.push(said) }),
    system: {
      clock: system.clock,
      after: (ms, call) => system.after(ms, call),
      randomBytes: (count) => new Uint8Array(count),
    },
    operatorToken: 'token',
    firstTenant: 1,
    dialects: [],
    accounts: {} as never,
    letters: async () => undefined,
    onFault: (cause) => {
      throw cause
    },
  })
  platform.start()
  await system.advance(PLATFORM_SWEEP_MS - 1)
  expect(sweeps).toEqual([])
  await system.advance(1)
  expect(sweeps).toEqual([[NOW + PLATFORM_SWEEP_MS, PLATFORM_SWEEP_MAX]])
  expect(system.waits).toEqual([PLATFORM_SWEEP_MS])
  await platform.stop()
  expect(system.waits).toEqual([])
})
