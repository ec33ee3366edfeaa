// The world of the conformance cases: a real cloud node on a real port, two businesses that are served in Perkville's dialect and one that is not, staff
// and customers, and tokens of real clients. Names of the world stand for ids in the cases, which are data.
import type { Json, Row } from '../../cloud/collections/collection.ts'
import { columnsOf } from '../../cloud/collections/collection.ts'
import { ACCOUNTS } from '../../cloud/collections/tables/accounts.ts'
import { changeDocument, createDocument } from '../../cloud/collections/documents.ts'
import { EVERYTHING } from '../../cloud/collections/query.ts'
import { CONFIGURATION } from '../../cloud/collections/tables/configuration.ts'
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'
import { foundTenant } from '../../cloud/platform/tenants.ts'
import { PERKVILLE_SCOPES } from '../../cloud/dialects/perkville/scopes.ts'
import type { PerkvilleScope } from '../../cloud/dialects/perkville/scopes.ts'
import type { PersonId, StaffRole } from '../../cloud/store/platform-port.ts'
import type { Writes } from '../../cloud/store/port.ts'
import type { RuleId } from '../../protocol/ids.ts'
import type { Millis } from '../../protocol/time.ts'
import { CloudUnderTest } from '../support/cloud-node.ts'
import { hashOf, logIn } from './logins.ts'
import { REWARDS, REWARDS_FILES, configureRewards } from './rewards.ts'
import { DatabaseFile } from '../support/database-file.ts'
import { MailRoom } from '../support/mail-room.ts'

export const NOW = Date.UTC(2026, 5, 3, 12)
const at = NOW as Millis
const rule = (id: number): RuleId => id as RuleId

const PROGRAM: ProgramDocument = {
  name: 'Demo Rewards',
  currency: 'USD',
  currency_digits: 2,
  lateness: 'honour',
  goodwill_points_max: 1000,
  grant_points_max: 1000,
  voucher_secret: 'a secret for conformance only',
  tiers: [
    { id: rule(1), name: 'Bronze', point_floor: 0 },
    { id: rule(2), name: 'Silver', point_floor: 500 },
  ],
  earn_perks: [
    {
      id: rule(101),
      title: 'Purchase',
      type: 'STANDARD',
      award: { kind: 'fixed', points: 10 },
      completes_referral: true,
    },
    { id: rule(102), title: 'Check in', type: 'CHECKIN', award: { kind: 'fixed', points: 5 } },
    { id: rule(103), title: 'Lap', type: 'PROGRESS_ACTIVITY', award: { kind: 'fixed', points: 1 } },
    {
      id: rule(104),
      title: 'Members of gold',
      type: 'STANDARD',
      award: { kind: 'fixed', points: 3 },
      attributes: [{ name: 'Club', value: 'Gold' }],
    },
  ],
  bonuses: [
    {
      id: rule(201),
      type: 'TIME',
      title: 'Happy Monday',
      award: { kind: 'multiplier', percent: 100 },
      perks: [rule(102)],
      schedule: [{ days: ['MON'], from: '08:00', to: '12:00' }],
    },
    {
      id: rule(202),
      type: 'DATE_RANGE',
      title: 'Summer',
      award: { kind: 'fixed', points: 2 },
      perks: [rule(102)],
      start: '2026-07-01',
      end: '2026-07-31',
    },
    {
      id: rule(203),
      type: 'FREQUENCY',
      title: 'Three a week',
      award: { kind: 'fixed', points: 20 },
      perks: [rule(101)],
      required_to_earn: 3,
      frequency: 'WEEKLY',
    },
  ],
  redeem_perks: [
    { id: rule(301), title: 'Mug', points: 50, voucher: {} },
    {
      id: rule(302),
      title: 'Tea for silver',
      points: 20,
      required_tier: rule(2),
      limit: { count: 2, interval: 'DAY', interval_count: 1 },
      voucher: { initial_status: 'used' },
    },
  ],
  challenges: [
    {
      id: rule(401),
      title: 'Run around',
      join: 'opt_in',
      requirements: [{ id: rule(411), title: 'Three laps', perk: rule(103), quantity: 3 }],
    },
  ],
}

/** Names of the world, by which cases call ids and tokens: `{perk:Mug}`, `{user:ann}`. */
export type Names = Map<string, string>

const ADMIN_SCOPES = PERKVILLE_SCOPES.filter((scope) => scope === 'PUBLIC' || scope.startsWith('ADMIN'))

export class World {
  readonly cloud: CloudUnderTest
  readonly names: Names = new Map()
  readonly clock: { now: number }
  readonly file: DatabaseFile
  readonly #mails: MailRoom

  private constructor(cloud: CloudUnderTest, clock: { now: number }) {
    this.cloud = cloud
    this.clock = clock
    this.file = new DatabaseFile(cloud.directory)
    this.#mails = new MailRoom(cloud.node, { now: () => clock.now })
  }

  /** For the cases of a file. */
  static async start(file: string): Promise<World> {
    const clock = { now: NOW }
    const world = new World(await CloudUnderTest.start(() => clock.now), clock)
    await world.#fill(REWARDS_FILES.includes(file))
    return world
  }

  async stop(): Promise<void> {
    await this.#mails.stop()
    this.file.close()
    await this.cloud.stop()
  }

  /** Sends what waits. */
  mail(): Promise<void> {
    return this.#mails.work()
  }

  token(name: string): string {
    const token = this.names.get(`token:${name}`)
    if (token === undefined) throw new Error(`nobody is called ${name}`)
    return token
  }

  async #fill(rewards: boolean): Promise<void> {
    this.names.set('token:hq', this.cloud.node.token)
    const { store } = this.cloud.node
    await store.write(async (tx) => {
      this.names.set('business:demo', '1')
      for (const name of ['other', 'closed']) {
        const token = `hq-of-${name}`
        const { id } = await foundTenant(tx, name, hashOf(token), at)
        this.names.set(`token:hq ${name}`, token)
        this.names.set(`business:${name}`, String(id))
      }
      await this.#businesses(tx)
      await this.#people(tx)
    })
    for (const name of ['demo', 'other'])
      await this.cloud.node.platform.tenants.enable(Number(this.names.get(`business:${name}`)), 'perkville')
    await this.cloud.addStore('Main', 'America/Los_Angeles')
    if (rewards) {
      const branch = await this.cloud.addStore('Branch', 'America/New_York')
      await store.write((tx) => this.#branchStaff(tx, branch))
    }
    await this.cloud.publish(rewards ? REWARDS : PROGRAM)
    await store.write((tx) => (rewards ? configureRewards(tx, this.names, NOW) : this.#configuration(tx)))
    await store.write((tx) => this.#mail(tx))
    await this.#nameDocuments()
  }

  async #businesses(tx: Writes): Promise<void> {
    for (const [name, dialects] of [
      ['demo', []],
      ['other', []],
      ['closed', []],
    ] as const) {
      const id = Number(this.names.get(`business:${name}`))
      const row = await tx.tenant(id)
      if (row === undefined) throw new Error('the tenant was made')
      const profile = { fine_print: 'One per visit', rewards_program_name: `${name} rewards` }
      await tx.saveTenant({ ...row, name, dialects, modified: at })
      await changeDocument(
        tx,
        CONFIGURATION.businesses,
        { id, tenant: id, columns: { name }, body: profile },
        { now: NOW, by: 'a test' },
      )
    }
  }

  async #people(tx: Writes): Promise<void> {
    const admin = await this.#person(tx, 'admin', 'Grace', 'demo', 'ADMIN')
    const desk = await this.#person(tx, 'desk', 'Dee', 'demo', 'FRONT_DESK')
    const outsider = await this.#person(tx, 'outsider', 'Otto', 'other', 'ADMIN')
    const ann = await this.#person(tx, 'ann', 'Ann')
    const bob = await this.#person(tx, 'bob', 'Bob')
    const home = 'bob.home@example.org'
    await tx.insertContact({ person: bob, kind: 'email', value: home, folded: home, main: false })
    await tx.insertContact({
      person: bob,
      kind: 'phone',
      value: '+1 555 0100',
      folded: '+15550100',
      main: true,
    })
    const owner = await this.#person(tx, 'owner', 'Olga', 'other', 'ADMIN')
    await this.#staff(tx, 'owner', owner, 'demo', 'EMPLOYEE')
    for (const [name, text] of await logIn(tx, { ann, bob, admin }, at)) this.names.set(name, text)
    const customers = PERKVILLE_SCOPES.filter((scope) => scope === 'PUBLIC' || scope.startsWith('USER'))
    await this.#token(tx, 'admin', admin, ADMIN_SCOPES)
    await this.#token(tx, 'desk', desk, ADMIN_SCOPES)
    await this.#token(tx, 'outsider', outsider, ADMIN_SCOPES)
    await this.#token(tx, 'owner', owner, ADMIN_SCOPES)
    await this.#token(tx, 'identifier', admin, ['PUBLIC', 'ADMIN_IDENTIFY_USER'])
    await this.#token(tx, 'ann', ann, customers)
    await this.#token(tx, 'bob', bob, customers)
    await this.#token(tx, 'public', ann, ['PUBLIC'])
    await this.#token(tx, 'none', ann, [])
    await this.#token(tx, 'staff', admin, ['USER_CUSTOMER_INFO'])
    for (const scope of PERKVILLE_SCOPES) await this.#token(tx, `only ${scope}`, admin, [scope])
  }

  /** An administrator who is limited to the branch. */
  async #branchStaff(tx: Writes, branch: number): Promise<void> {
    const person = await this.#person(tx, 'branch', 'Brie', 'demo', 'ADMIN')
    const [row] = await tx.staffOf(person)
    if (row === undefined) throw new Error('she was made staff')
    await tx.saveStaff({ ...row, locations: [branch] })
    await this.#token(tx, 'branch', person, ADMIN_SCOPES)
  }

  async #person(
    tx: Writes,
    name: string,
    firstName: string,
    business?: string,
    role?: StaffRole,
  ): Promise<PersonId> {
    const person = await tx.insertPerson({
      firstName,
      lastName: 'Demo',
      birthday: null,
      password: null,
      created: at,
      modified: at,
    })
    const value = `${name}@example.org`
    await tx.insertContact({ person: person.id, kind: 'email', value, folded: value, main: true })
    this.names.set(`user:${name}`, String(person.id))
    if (business !== undefined && role !== undefined) await this.#staff(tx, name, person.id, business, role)
    return person.id
  }

  async #staff(tx: Writes, name: string, person: PersonId, business: string, role: StaffRole): Promise<void> {
    const staff = await tx.saveStaff({
      tenant: Number(this.names.get(`business:${business}`)),
      person,
      role,
      locations: null,
      description: 'staff',
      billPayer: role === 'ADMIN',
      created: at,
      modified: at,
    })
    this.names.set(`staff:${name}`, String(staff.id))
  }

  async #token(tx: Writes, name: string, person: PersonId, scopes: readonly PerkvilleScope[]): Promise<void> {
    const client = await tx.insertClient({
      key: `client-${name}`,
      name,
      dialect: 'perkville',
      secretHash: null,
      redirectUris: ['https://app.example.org/cb/'],
      scopes,
      grants: ['authorization_code'],
      tenants: [],
      disabled: false,
      created: at,
      modified: at,
    })
    const family = await tx.insertFamily({
      client: client.id,
      person,
      scopes,
      grant: 'authorization_code',
      created: at,
    })
    const token = `token-of-${name.replaceAll(' ', '-')}`
    await tx.insertIssued({
      hash: hashOf(token),
      family: family.id,
      kind: 'access',
      scopes,
      expires: null,
      redirectUri: null,
      challenge: null,
    })
    this.names.set(`token:${name}`, token)
  }

  /** What no program says and no endpoint makes. */
  async #configuration(tx: Writes): Promise<void> {
    const document = async (
      collection: keyof typeof CONFIGURATION,
      columns: Row,
      body: { readonly [name: string]: Json } = {},
    ): Promise<number> => {
      const edit = { now: NOW, by: 'a test' }
      const row = await createDocument(tx, CONFIGURATION[collection], { tenant: 1, columns, body }, edit)
      return Number(row.id)
    }
    const [location] = await tx.rows(CONFIGURATION.locations, { tenants: [1], where: EVERYTHING, limit: 1 })
    const [perk] = await tx.rows(CONFIGURATION.perks, { tenants: [1], where: EVERYTHING, limit: 1 })
    const place = Number(location?.id)
    await document('perk_categories', { name: 'Second', display_order: 2 })
    await document('perk_categories', { name: 'Unordered', display_order: null })
    await document('perk_categories', { name: 'First', display_order: 1 })
    await document('external_locations', {
      external_system_id: 'DEMO_SYS',
      external_location_id: '0007',
      location: place,
    })
    const agreement = await document('agreements', { internal_name: 'Terms', type: 'REQUIRED-OPT-IN' })
    this.names.set('agreement:Terms', String(agreement))
    const body = { internal_name: 'Terms', type: 'REQUIRED-OPT-IN', text: 'Be kind.' }
    const version = await document(
      'agreement_versions',
      { agreement, label: '2026.06', is_active: true },
      body,
    )
    this.names.set('agreement_version:Terms', String(version))
    const [id = 0] = await tx.nextIds(1)
    await tx.insertRows(CONFIGURATION.user_agreements, [
      {
        id,
        tenant: 1,
        person: Number(this.names.get('user:ann')),
        agreement,
        agreement_version: version,
        email: 'ann@example.org',
        first_name: 'Ann',
        last_name: 'Demo',
        at: NOW,
      },
    ])
    this.names.set('user_agreement:ann', String(id))
    const offer = { title: 'Bring a friend', detail: 'Both get a mug', fine_print: '', picture_url: '' }
    await document(
      'promotions',
      { perk: Number(perk?.id), type: 'REFERRAL' },
      { ...offer, eligible_at_all_locations: true, eligible_locations: [] },
    )
    this.names.set(
      'promotion:here',
      String(
        await document(
          'promotions',
          { perk: Number(perk?.id), type: 'REFERRAL' },
          { ...offer, title: 'Here only', eligible_at_all_locations: false, eligible_locations: [place] },
        ),
      ),
    )
  }

  /** One that was sent, as the sender leaves it. */
  async #mail(tx: Writes): Promise<void> {
    const [id = 0] = await tx.nextIds(1)
    const { mails } = ACCOUNTS
    const filled = Object.entries(columnsOf(mails)).map(([name, { type, null: nullable }]) => [
      name,
      nullable === true ? null : type === 'text' ? '' : type === 'boolean' ? false : 0,
    ])
    const person = Number(this.names.get('user:ann'))
    const sent = { type: 'USER_EARN_ALERT', person, email: 'ann@example.org', sent: NOW, status: 'sent' }
    await tx.insertRows(mails, [{ ...(Object.fromEntries(filled) as Row), ...sent, id, tenant: 1 }])
    this.names.set('mail:ann', String(id))
  }

  /** Ids of documents by their kind and their own name. */
  async #nameDocuments(): Promise<void> {
    const { read } = this.cloud.node.store
    for (const [kind, collection, name] of [
      ['perk', CONFIGURATION.perks, 'title'],
      ['level', CONFIGURATION.levels, 'name'],
      ['challenge', CONFIGURATION.challenges, 'name'],
      ['requirement', CONFIGURATION.challenge_requirements, 'rule'],
      ['location', CONFIGURATION.locations, 'name'],
      ['category', CONFIGURATION.perk_categories, 'name'],
      ['attribute', CONFIGURATION.custom_attributes, 'slug'],
      ['value', CONFIGURATION.custom_attribute_values, 'display_name'],
      ['frequency', CONFIGURATION.frequency_bonuses, 'reward'],
      ['external_location', CONFIGURATION.external_locations, 'external_location_id'],
    ] as const) {
      const rows = await read.rows(collection, { tenants: [1], where: EVERYTHING, limit: 100 })
      for (const row of rows) this.names.set(`${kind}:${textOf(row[name])}`, textOf(row.id))
    }
    const [frequency] = await read.rows(CONFIGURATION.frequency_bonuses, {
      tenants: [1],
      where: EVERYTHING,
      limit: 1,
    })
    this.names.set('frequency:Three a week', textOf(frequency?.id))
  }
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null)
}
