// What every engine of the store owes to the part about who may do what.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ClientRow, PersonId, PersonRow } from '../../cloud/store/platform-port.ts'
import type { CloudStore, Writes } from '../../cloud/store/port.ts'
import { millis } from './store-rows.ts'
import type { StoreFactory } from './store-rows.ts'

const NOW = millis(1_000)

function person(over: Partial<PersonRow> = {}): Omit<PersonRow, 'id'> {
  return {
    firstName: 'Ada',
    lastName: 'Byron',
    birthday: '1815-12-10',
    password: null,
    created: NOW,
    modified: NOW,
    ...over,
  }
}

function client(tenants: readonly number[], key = 'app'): Omit<ClientRow, 'id'> {
  return {
    key,
    name: 'App',
    dialect: 'native',
    secretHash: 'aa',
    redirectUris: ['https://app.example/b', 'https://app.example/a'],
    scopes: ['members:read'],
    grants: ['authorization_code', 'refresh_token'],
    tenants,
    disabled: false,
    created: NOW,
    modified: NOW,
  }
}

export function platformContract(name: string, factory: StoreFactory): void {
  describe(`${name}: who may do what`, () => {
    let store: CloudStore
    beforeEach(async () => {
      store = await factory.create()
    })
    afterEach(() => factory.destroy(store))

    test('S-3 a business is found by its HQ token', async () => {
      const id = await store.write(async (tx) => {
        const tenant = await tx.insertTenant('Cafe')
        const row = await tx.tenant(tenant)
        expect(row).toMatchObject({ name: 'Cafe', hqHash: null, dialects: [] })
        if (row === undefined) throw new Error('no tenant')
        await tx.saveTenant({
          ...row,
          hqHash: 'h1',
          dialects: ['perkville'],
        })
        return tenant
      })
      store = await factory.reopen(store)
      expect(await store.read.tenantByHqHash('h1')).toMatchObject({
        id,
        dialects: ['perkville'],
      })
      expect(await store.read.tenantByHqHash('h2')).toBeUndefined()
      expect((await store.read.tenantList({ after: 0, limit: 10 })).map((row) => row.id)).toEqual([id])
    })

    test('S-3 an address belongs to one person of the node, and one of them is the main one', async () => {
      const [ada, bob] = await store.write(async (tx) => [
        await tx.insertPerson(person()),
        await tx.insertPerson(person({ firstName: 'Bob' })),
      ])
      const email = (of: PersonId, value: string, main = true) => ({
        person: of,
        kind: 'email' as const,
        value,
        folded: value.toLowerCase(),
        main,
      })
      if (ada === undefined || bob === undefined) throw new Error('no persons')
      await store.write(async (tx) => {
        expect(await tx.insertContact(email(ada.id, 'Ada@x.example'))).toBe(true)
        expect(await tx.insertContact(email(ada.id, 'Two@x.example'))).toBe(true)
        expect(await tx.insertContact(email(bob.id, 'two@x.example'))).toBe(false)
        expect(
          await tx.insertContact({ person: ada.id, kind: 'phone', value: '1', folded: '1', main: true }),
        ).toBe(true)
      })
      expect(await store.read.personByContact('email', 'ada@x.example')).toEqual(ada)
      expect(await store.read.personByContact('phone', 'ada@x.example')).toBeUndefined()
      const contacts = await store.read.contactsOf(ada.id)
      expect(contacts.map(({ kind, value, main }) => [kind, value, main])).toEqual([
        ['email', 'Two@x.example', true],
        ['email', 'Ada@x.example', false],
        ['phone', '1', true],
      ])
      await store.write(async (tx) => {
        await tx.savePerson({ ...ada, password: 'hash', birthday: null })
        await tx.deleteContact('email', 'two@x.example')
      })
      expect(await store.read.person(ada.id)).toMatchObject({ password: 'hash', birthday: null })
      expect(await store.read.personByContact('email', 'two@x.example')).toBeUndefined()
    })

    test('S-3 a person has one role in a business; clients keep their lists in order', async () => {
      await store.write(async (tx) => {
        const ada = (await tx.insertPerson(person())).id
        const staff = {
          tenant: 1,
          person: ada,
          locations: null,
          description: '',
          billPayer: true,
          created: NOW,
          modified: NOW,
        }
        await tx.saveStaff({ ...staff, role: 'ADMIN' })
        const again = await tx.saveStaff({ ...staff, role: 'FRONT_DESK', billPayer: false })
        expect(await tx.staffOf(ada)).toEqual([again])
        expect(again).toMatchObject({ role: 'FRONT_DESK', billPayer: false })
        await tx.deleteStaff(2, ada)
        expect(await tx.staffOf(ada)).toHaveLength(1)
        await tx.deleteStaff(1, ada)
        expect(await tx.staffOf(ada)).toEqual([])
      })
      const made = await store.write(async (tx) => {
        await tx.insertClient(client([1, 2], 'chain'))
        await tx.insertClient(client([], 'node'))
        return tx.insertClient(client([1]))
      })
      expect(await store.read.clientByKey('app')).toEqual(made)
      expect(await store.read.client(made.id)).toEqual(made)
      const ofTenant = await store.read.clientsOfTenant(1, { after: 0, limit: 9 })
      expect(ofTenant.map(({ key }) => key)).toEqual(['app'])
      await store.write((tx) => tx.saveClient({ ...made, tenants: [2], disabled: true, secretHash: null }))
      expect(await store.read.clientByKey('app')).toMatchObject({
        tenants: [2],
        disabled: true,
        secretHash: null,
      })
    })

    test('S-3 what was issued is found with all it stands for, is used once, and ends with its family', async () => {
      await store.write(async (tx) => {
        const ada = (await tx.insertPerson(person())).id
        const { id } = await tx.insertClient(client([1]))
        await tx.saveStaff({
          tenant: 1,
          person: ada,
          role: 'ADMIN',
          locations: null,
          description: '',
          billPayer: false,
          created: NOW,
          modified: NOW,
        })
        const family = await tx.insertFamily({
          client: id,
          person: ada,
          scopes: ['s'],
          grant: 'authorization_code',
          created: NOW,
        })
        const issued = {
          family: family.id,
          scopes: ['s'],
          expires: millis(50),
          redirectUri: 'https://r',
          challenge: 'c',
        }
        await tx.insertIssued({ ...issued, hash: 'code', kind: 'code' })
        await tx.insertIssued({ ...issued, hash: 'token', kind: 'access', expires: null })
        expect(await tx.useIssued('code')).toBe(true)
        expect(await tx.useIssued('code')).toBe(false)
        expect(await tx.issued('code')).toMatchObject({
          used: true,
          of: family,
          staff: [{ role: 'ADMIN' }],
          client: { key: 'app' },
        })
        await tx.endFamily(family.id)
        expect((await tx.issued('token'))?.of.ended).toBe(true)
        await tx.sweepPlatform(millis(50), 10)
        expect(await tx.issued('code')).toBeUndefined()
        expect(await tx.issued('token')).toBeDefined()
      })
    })

    test('S-6 every change of what something issued stands for is read at once, and one that was rolled back never', async () => {
      const seen = async (): Promise<unknown> => {
        const found = await store.read.issued('token')
        return (
          found && [found.used, found.of.ended, found.client.disabled, found.staff.map(({ role }) => role)]
        )
      }
      const made = await store.write(async (tx) => {
        const ada = (await tx.insertPerson(person())).id
        const app = await tx.insertClient(client([1]))
        const of = { client: app.id, person: ada, scopes: ['s'], grant: 'password', created: NOW } as const
        const family = await tx.insertFamily(of)
        const issued = { family: family.id, scopes: ['s'], redirectUri: null, challenge: null }
        await tx.insertIssued({ ...issued, hash: 'token', kind: 'access', expires: millis(50) })
        return { ada, app, family }
      })
      const staff = { tenant: 1, person: made.ada, locations: null, description: '', billPayer: false }
      const changes: [change: (tx: Writes) => Promise<unknown>, then: unknown][] = [
        [async () => undefined, [false, false, false, []]],
        [
          (tx) => tx.saveStaff({ ...staff, role: 'ADMIN', created: NOW, modified: NOW }),
          [false, false, false, ['ADMIN']],
        ],
        [(tx) => tx.deleteStaff(1, made.ada), [false, false, false, []]],
        [(tx) => tx.saveClient({ ...made.app, disabled: true }), [false, false, true, []]],
        [(tx) => tx.useIssued('token'), [true, false, true, []]],
        [(tx) => tx.endFamily(made.family.id), [true, true, true, []]],
        [(tx) => tx.sweepPlatform(millis(50), 9), undefined],
      ]
      let before: unknown
      for (const [change, then] of changes) {
        const failing = store.write(async (tx) => {
          await change(tx)
          // Looked up while the change is not committed: what it was before stays what is true.
          if (before !== undefined) expect(await seen()).toEqual(before)
          throw new Error('no')
        })
        await expect(failing).rejects.toThrow('no')
        if (before !== undefined) expect(await seen()).toEqual(before)
        await store.write(async (tx) => {
          await change(tx)
          if (before !== undefined) expect(await seen()).toEqual(before)
        })
        expect(await seen()).toEqual(then)
        before = then
      }
    })

    test('S-3 proofs are there once and run out; consents end with what was issued; addresses move to another person', async () => {
      const made = await store.write(async (tx) => {
        const [ada, bob] = [await tx.insertPerson(person()), await tx.insertPerson(person())]
        const app = await tx.insertClient(client([1]))
        const of = { client: app.id, person: ada.id, scopes: ['s'], grant: 'password', created: NOW } as const
        const family = await tx.insertFamily(of)
        const issued = { family: family.id, scopes: ['s'], redirectUri: null, challenge: null }
        await tx.insertIssued({ ...issued, hash: 'token', kind: 'access', expires: null })
        await tx.saveConsent({ person: ada.id, client: app.id, scopes: ['s'], at: NOW })
        for (const hash of ['a', 'b']) await tx.insertSession({ hash, person: ada.id, expires: millis(99) })
        const addresses = [
          [ada.id, 'a@x.example', true],
          [ada.id, 'a2@x.example', false],
          [bob.id, 'b@x.example', true],
        ] as const
        for (const [whose, folded, main] of addresses)
          await tx.insertContact({ person: whose, kind: 'email', value: folded, folded, main })
        return { ada: ada.id, bob: bob.id, app: app.id }
      })
      const proof = { purpose: 'password', person: made.ada, email: 'a@x.example' } as const
      expect((await store.read.issued('token'))?.of.ended).toBe(false)
      expect(await store.read.consentsOf(made.ada)).toMatchObject([{ client: made.app, scopes: ['s'] }])
      await store.write(async (tx) => {
        await tx.insertProof({ ...proof, hash: 'p', expires: millis(99) })
        await tx.insertProof({ ...proof, hash: 'q', expires: millis(10) })
        await tx.sweepPlatform(millis(10), 10)
        expect(await tx.takeProof('q')).toBeUndefined()
        expect(await tx.takeProof('p')).toEqual({ ...proof, hash: 'p', expires: 99 })
        expect(await tx.proof('p')).toBeUndefined()
        await tx.endConsents(made.bob, null)
        await tx.endConsents(made.ada, made.app)
        await tx.deleteSessionsOf(made.ada)
        await tx.moveContacts(made.ada, made.bob)
      })
      expect(await store.read.consentsOf(made.ada)).toEqual([])
      expect((await store.read.issued('token'))?.of.ended).toBe(true)
      expect(await store.read.session('a')).toBeUndefined()
      expect(await store.read.contactsOf(made.ada)).toEqual([])
      const moved = (await store.read.contactsOf(made.bob)).map(({ folded, main }) => [folded, main] as const)
      expect(Object.fromEntries(moved)).toEqual({
        'a2@x.example': false,
        'a@x.example': false,
        'b@x.example': true,
      })
    })

    test('S-3 sessions, consents, invitations and identifications are there once and run out', async () => {
      await store.write(async (tx) => {
        const ada = (await tx.insertPerson(person())).id
        await tx.insertSession({ hash: 'a', person: ada, expires: millis(10) })
        await tx.insertSession({ hash: 'b', person: ada, expires: millis(99) })
        const app = await tx.insertClient(client([1]))
        await tx.saveConsent({ person: ada, client: app.id, scopes: ['a'], at: NOW })
        await tx.saveConsent({ person: ada, client: app.id, scopes: ['a', 'b'], at: NOW })
        const invited = {
          hash: 'i',
          tenant: 1,
          email: 'x@y.example',
          role: 'EMPLOYEE',
          locations: [3, 4],
          expires: millis(99),
        } as const
        await tx.insertInvitation(invited)
        const wanted = {
          hash: 'w',
          kind: 'token',
          family: 1,
          tenant: null,
          person: null,
          redirectUri: 'https://r',
          state: 's',
          expires: millis(99),
        } as const
        await tx.insertIdentification(wanted)
        await tx.sweepPlatform(millis(10), 10)
        expect(await tx.takeInvitation('i')).toEqual(invited)
        expect(await tx.takeInvitation('i')).toBeUndefined()
        expect(await tx.identification('w')).toEqual(wanted)
        expect(await tx.takeIdentification('w')).toEqual(wanted)
        expect(await tx.takeIdentification('w')).toBeUndefined()
      })
      expect(await store.read.session('a')).toBeUndefined()
      const session = await store.read.session('b')
      if (session === undefined) throw new Error('no session')
      const app = await store.read.clientByKey('app')
      expect(await store.read.consent(session.person, app?.id ?? (0 as never))).toMatchObject({
        scopes: ['a', 'b'],
      })
      await store.write((tx) => tx.deleteSession('b'))
      expect(await store.read.session('b')).toBeUndefined()
    })
  })
}
