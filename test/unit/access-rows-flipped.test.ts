// Bits that flip beneath a running cloud in who somebody is and what they may see: a token, a role, a client's businesses, an address. Then nobody is let in by it,
// and nothing more is written.
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { EVERYTHING } from '../../cloud/collections/query.ts'
import { PEOPLE } from '../../cloud/collections/tables/people.ts'
import { isStorageBroken } from '../../cloud/storage/faults.ts'
import type { ClientId, PersonId } from '../../cloud/store/platform-port.ts'
import { STORE_FILE } from '../../cloud/store/sqlite/open.ts'
import { openSnapshot, openSqliteStore } from '../../cloud/store/sqlite/sqlite-store.ts'
import type { DiskStore } from '../../cloud/store/sqlite/sqlite-store.ts'
import type { Millis } from '../../protocol/time.ts'
import { freshDirectory } from '../support/cloud-core.ts'
import { flip, flipInIndex, xor } from '../support/flipped-rows.ts'

const NOW = Date.UTC(2026, 5, 3, 12) as Millis
const LATER = (NOW + 3_600_000) as Millis

let made: ReturnType<typeof freshDirectory>
let directory: ReturnType<typeof freshDirectory>
let store: DiskStore
let ada: PersonId
let client: ClientId
let family: number

beforeAll(async () => {
  made = freshDirectory(true)
  store = openSqliteStore({ directory: made.path })
  await store.write(async (tx) => {
    const tenant = await tx.insertTenant('Shop')
    await tx.saveTenant({ id: tenant, name: 'Shop', hqHash: 'hq', dialects: ['perkville'], modified: NOW })
    const name = {
      firstName: 'Ada',
      lastName: 'B',
      birthday: null,
      password: 'x',
      created: NOW,
      modified: NOW,
    }
    ada = (await tx.insertPerson(name)).id
    for (const [folded, main] of [
      ['a@x.example', true],
      ['b@x.example', true],
    ] as const)
      await tx.insertContact({ person: ada, kind: 'email', value: folded, folded, main })
    await tx.saveStaff({
      tenant,
      person: ada,
      role: 'EMPLOYEE',
      locations: [3],
      description: '',
      billPayer: false,
      created: NOW,
      modified: NOW,
    })
    const of = {
      name: 'Till',
      dialect: 'perkville',
      secretHash: 's',
      redirectUris: [],
      scopes: ['A'],
      grants: ['password' as const],
    }
    const row = await tx.insertClient({
      ...of,
      key: 'k',
      tenants: [tenant],
      disabled: false,
      created: NOW,
      modified: NOW,
    })
    client = row.id
    family = (await tx.insertFamily({ client, person: ada, scopes: ['A'], grant: 'password', created: NOW }))
      .id
    const issued = {
      family,
      kind: 'access',
      scopes: ['A'],
      expires: LATER,
      redirectUri: null,
      challenge: null,
    } as const
    await tx.insertIssued({ ...issued, hash: 't' })
    await tx.insertSession({ hash: 's', person: ada, expires: LATER })
    await tx.saveConsent({ person: ada, client, scopes: ['A'], at: NOW })
    await tx.insertProof({
      hash: 'p',
      purpose: 'password',
      person: ada,
      email: 'a@x.example',
      expires: LATER,
    })
    await tx.insertInvitation({
      hash: 'i',
      tenant,
      email: 'c@x.example',
      role: 'EMPLOYEE',
      locations: null,
      expires: LATER,
    })
    await tx.insertIdentification({
      hash: 'q',
      kind: 'code',
      family,
      tenant,
      person: ada,
      redirectUri: 'x',
      state: '',
      expires: LATER,
    })
  })
  await store.close()
})
afterAll(() => made.remove())

beforeEach(() => {
  directory = freshDirectory(true)
  cpSync(made.path, directory.path, { recursive: true })
  store = openSqliteStore({ directory: directory.path })
})
afterEach(async () => {
  await store.close()
  directory.remove()
})

const file = (): string => join(directory.path, STORE_FILE)
const flipped = (sql: string) => (): void => flip(file(), sql)

type Ask = () => Promise<unknown>
const token: Ask = () => store.read.issued('t')

test('S-12 rows of who may do what are written with their sums, whatever changed them', async () => {
  await store.write(async (tx) => {
    const [staff] = await tx.staffOf(ada)
    if (staff !== undefined) await tx.saveStaff({ ...staff, locations: null, role: 'ADMIN' })
    const person = await tx.person(ada)
    if (person !== undefined) await tx.savePerson({ ...person, firstName: 'Eda', password: 'y' })
    const known = await tx.client(client)
    if (known !== undefined) await tx.saveClient({ ...known, tenants: [], disabled: true })
    expect(await tx.useIssued('t')).toBe(true)
    expect(await tx.useIssued('t')).toBe(false)
    await tx.endConsents(ada, client)
    const other = { firstName: '', lastName: '', birthday: null, password: null, created: NOW, modified: NOW }
    await tx.moveContacts(ada, (await tx.insertPerson(other)).id)
  })
  expect(await store.read.staffOf(ada)).toMatchObject([{ role: 'ADMIN', locations: null }])
  expect(await store.read.person(ada)).toMatchObject({ firstName: 'Eda', password: 'y' })
  expect(await token()).toMatchObject({
    used: true,
    of: { ended: true },
    client: { disabled: true, tenants: [] },
  })
  const snapshot = openSnapshot(directory.path)
  expect(snapshot.structure()).toEqual({ faults: [], listed: [] })
  snapshot.close()
})

test.each<[string, () => void, Ask]>([
  ['whose a token is', flipped(`UPDATE issued SET ${xor('family', 64)}`), token],
  ['what it may', flipped(`UPDATE issued SET scopes = '["B"]'`), token],
  ['whose its family is', flipped(`UPDATE families SET ${xor('person', 64)}`), token],
  ['that it was ended', flipped('UPDATE families SET ended = 1'), token],
  ['for which businesses its client acts', flipped(`UPDATE clients SET tenants = '[]'`), token],
  [
    'whom its client is for',
    flipped(`UPDATE clients SET dialect = 'pegke'`),
    () => store.read.clientByKey('k'),
  ],
  ['a role', flipped(`UPDATE staff SET role = 'ADMIN'`), token],
  ['where somebody works', flipped('UPDATE staff SET locations = NULL'), () => store.read.staffOf(ada)],
  [
    'who works there',
    () => flipInIndex(file(), 'staff_person', `UPDATE staff SET ${xor('person', 64)}`),
    () => store.read.staffOf((ada ^ 64) as PersonId),
  ],
  ['a business', flipped(`UPDATE tenants SET dialects = '[]'`), () => store.read.tenantByHqHash('hq')],
  [
    'whose an address is',
    flipped(`UPDATE person_emails SET ${xor('person', 64)}`),
    () => store.read.personByContact('email', 'a@x.example'),
  ],
  [
    'whose an address is, in a list',
    flipped(`UPDATE person_emails SET ${xor('person', 64)}`),
    () => store.read.rows(PEOPLE.person_emails, { tenants: 'every', where: EVERYTHING, limit: 9 }),
  ],
  [
    'a name in a list',
    flipped(`UPDATE persons SET first_name = 'Eva'`),
    () => store.read.rows(PEOPLE.persons, { tenants: 'every', where: EVERYTHING, limit: 9 }),
  ],
  ['who is logged in', flipped(`UPDATE sessions SET ${xor('person', 64)}`), () => store.read.session('s')],
  [
    'what somebody agreed to',
    flipped(`UPDATE consents SET scopes = '["B"]'`),
    () => store.read.consentsOf(ada),
  ],
  [
    'what is proven once',
    flipped(`UPDATE proofs SET ${xor('person', 64)}`),
    () => store.write((tx) => tx.takeProof('p')),
  ],
  [
    'who is invited to what',
    flipped(`UPDATE invitations SET role = 'ADMIN'`),
    () => store.write((tx) => tx.takeInvitation('i')),
  ],
  [
    'who is to be identified',
    flipped(`UPDATE identifications SET ${xor('person', 64)}`),
    () => store.write((tx) => tx.takeIdentification('q')),
  ],
])('S-12 %s: a flipped bit there lets nobody in, and nothing more is written', async (_, flips, ask) => {
  flips()
  const cause = await ask().catch((thrown: unknown) => thrown)
  expect(isStorageBroken(cause), JSON.stringify(cause)).toBe(true)
  await expect(store.write((tx) => tx.saveMeta('a', 'b'))).rejects.toThrow('the storage failed')
})
