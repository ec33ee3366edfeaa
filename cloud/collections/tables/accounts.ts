// What customers have with a business. All but some of these are projections (PROJ): functions of the members' facts, which the ingest keeps beside
// them. What names a member's fold (fact, member, rule, location) is as it is there; `perk`, `level`, `challenge` and the like are ids of documents.
// The account's own columns, which no fact knows, are named with each table.
import type { Collection, Column } from '../collection.ts'

const integer = { type: 'integer' } as const
const text = { type: 'text' } as const
const datetime = { type: 'datetime' } as const
const boolean = { type: 'boolean' } as const
const textOrNull = { type: 'text', null: true } as const
const dateOrNull = { type: 'date', null: true } as const
const datetimeOrNull = { type: 'datetime', null: true } as const
const integerOrNull = { type: 'integer', null: true } as const
const to = <const C extends string>(refers: C) => ({ type: 'integer', refers }) as const
/** A reference is a way that filters go, and has its index (COL-7). */
const toOrNull = <const C extends string>(refers: C) => ({ type: 'integer', null: true, refers }) as const

const whose = { connection: to('connections'), person: to('persons'), member: integer } as const
const kept = { created: datetime, modified: datetime } as const
const declared = { scope: 'tenant', versioned: false } as const

/** A person's relation to a business. Own: person, status, joined, the membership's type and times. */
const CONNECTIONS = {
  ...declared,
  name: 'connections',
  columns: {
    person: to('persons'),
    member: integer,
    status: text,
    joined: datetimeOrNull,
    membership: textOrNull,
    membership_type: textOrNull,
    membership_from: datetimeOrNull,
    membership_until: datetimeOrNull,
    home: toOrNull('locations'),
    level: toOrNull('levels'),
    balance: integer,
    lifetime_earned: integer,
    lifetime_spent: integer,
    last_transaction: datetimeOrNull,
    last_location: integerOrNull,
    last_title: textOrNull,
    /** Own: wants e-mails of this business. */
    receives_emails: boolean,
    /** Its member was merged into another's: it is listed no more. */
    hidden: boolean,
    ...kept,
    /** Moves with the amounts; `modified` with everything else. */
    balance_modified: datetime,
  },
  unique: [['member']],
  indexes: [
    ['tenant', 'person'],
    ['person', 'tenant'],
    ['tenant', 'balance_modified'],
    ['tenant', 'modified'],
    ['tenant', 'last_transaction'],
    ['level'],
    ['home'],
  ],
} as const satisfies Collection

/** One for each rule that a fact gave or took points by. `points` of a REDEEM are what it cost. Own: source_id. */
const TRANSACTIONS = {
  ...declared,
  name: 'transactions',
  columns: {
    ...whose,
    fact: integer,
    rule: integer,
    perk: toOrNull('perks'),
    classification: text,
    title: text,
    points: integer,
    quantity: integer,
    location: toOrNull('locations'),
    source_id: textOrNull,
    at: datetime,
    status: text,
    /** The other one of a void pair. */
    reference: integerOrNull,
    voucher: integerOrNull,
    ...kept,
  },
  unique: [['fact', 'rule', 'classification']],
  indexes: [
    ['person', 'tenant', 'at'],
    ['connection', 'at'],
    ['tenant', 'at'],
    ['perk', 'at'],
    ['location', 'tenant', 'at'],
    ['tenant', 'source_id'],
  ],
} as const satisfies Collection

/** Vouchers, certificates, offers, awards. Own: location. `redemption` is the transaction that bought it. */
const ENTITLEMENTS = {
  ...declared,
  name: 'entitlements',
  columns: {
    ...whose,
    code: text,
    rule: integer,
    perk: toOrNull('perks'),
    fact: integer,
    redemption: integerOrNull,
    location: integerOrNull,
    title: text,
    points: integer,
    status: text,
    external_code: textOrNull,
    external_url: textOrNull,
    expires: datetimeOrNull,
    ...kept,
  },
  unique: [['tenant', 'code']],
  indexes: [
    ['person', 'tenant'],
    ['connection'],
    ['member'],
    ['tenant', 'status'],
    ['tenant', 'expires'],
    ['perk'],
  ],
} as const satisfies Collection

const CHALLENGE_CONNECTIONS = {
  ...declared,
  name: 'challenge_connections',
  columns: {
    ...whose,
    rule: integer,
    challenge: toOrNull('challenges'),
    join_status: text,
    joined: datetimeOrNull,
    completed: boolean,
    completed_at: datetimeOrNull,
    start_date: dateOrNull,
    end_date: dateOrNull,
    ...kept,
  },
  unique: [['member', 'rule']],
  indexes: [['person'], ['connection'], ['challenge']],
} as const satisfies Collection

const REQUIREMENT_SUMMARIES = {
  ...declared,
  name: 'requirement_summaries',
  columns: {
    ...whose,
    rule: integer,
    challenge: toOrNull('challenges'),
    challenge_connection: to('challenge_connections'),
    requirement: toOrNull('challenge_requirements'),
    quantity: integer,
    completed: boolean,
    completed_at: datetimeOrNull,
    ...kept,
  },
  unique: [['member', 'rule']],
  indexes: [['person'], ['connection'], ['challenge_connection'], ['challenge', 'modified'], ['requirement']],
} as const satisfies Collection

/** Of the last window that something qualified in, shown while it runs: its first local day, and the first after it. */
const FREQUENCY_PROGRESS = {
  ...declared,
  name: 'frequency_progress',
  columns: {
    ...whose,
    rule: integer,
    perk: toOrNull('perks'),
    count: integer,
    earned: boolean,
    window_from: dateOrNull,
    window_until: dateOrNull,
    ...kept,
  },
  unique: [['member', 'rule']],
  indexes: [['person'], ['connection'], ['perk']],
} as const satisfies Collection

/** Of the member who referred; `fact` is the `sent` one. Own: to whom, the words, the source, the referrer's status then. */
const REFERRALS = {
  ...declared,
  name: 'referrals',
  columns: {
    ...whose,
    fact: integer,
    to_person: toOrNull('persons'),
    to_email: textOrNull,
    to_first_name: textOrNull,
    to_last_name: textOrNull,
    content: text,
    source: text,
    status: text,
    referrer_status: text,
    location: integerOrNull,
    completed: datetimeOrNull,
    voucher: integerOrNull,
    ...kept,
  },
  unique: [['fact']],
  indexes: [['person'], ['connection'], ['to_person'], ['tenant', 'created']],
} as const satisfies Collection

/** What the fold knows as attributes, by the values that a business declared. */
const CONNECTION_ATTRIBUTES = {
  ...declared,
  name: 'connection_attributes',
  columns: { ...whose, value: to('custom_attribute_values'), added: datetime },
  unique: [['member', 'value']],
  indexes: [['connection'], ['value'], ['person']],
} as const satisfies Collection

/** No projection: what another system told of its members. The fold learns home and status of it as a profile. */
const EXTERNAL_MEMBERS = {
  ...declared,
  name: 'external_members',
  columns: {
    ...whose,
    system: text,
    external_id: text,
    type: textOrNull,
    status: textOrNull,
    home: integerOrNull,
    joined: datetimeOrNull,
    cancelled: datetimeOrNull,
    ...kept,
  },
  unique: [['tenant', 'system', 'external_id']],
  indexes: [['person', 'tenant'], ['connection']],
} as const satisfies Collection

/** No projection: the fact that a business's own number of a transaction stands for, for ever. */
const SOURCE_IDS = {
  ...declared,
  name: 'source_ids',
  columns: { source_id: text, fact: integer },
  unique: [['tenant', 'source_id'], ['fact']],
} as const satisfies Collection

/** No projection: e-mails that were composed, as they are sent and tracked. */
const MAILS = {
  ...declared,
  name: 'mails',
  columns: {
    type: text,
    person: to('persons'),
    email: text,
    location: integerOrNull,
    /** What it tells of; null: nothing of the fold. */
    fact: integerOrNull,
    /** What it tells of that its fact does not say. */
    word: textOrNull,
    subject: textOrNull,
    text_body: textOrNull,
    html_body: textOrNull,
    status: text,
    attempts: integer,
    /** When it is tried next; null: no more. */
    due: datetimeOrNull,
    sent: datetimeOrNull,
    fault: textOrNull,
    ...kept,
  },
  indexes: [['due'], ['tenant', 'sent'], ['person', 'sent'], ['tenant', 'type', 'sent']],
} as const satisfies Collection

export const ACCOUNTS = {
  connections: CONNECTIONS,
  transactions: TRANSACTIONS,
  entitlements: ENTITLEMENTS,
  challenge_connections: CHALLENGE_CONNECTIONS,
  requirement_summaries: REQUIREMENT_SUMMARIES,
  frequency_progress: FREQUENCY_PROGRESS,
  referrals: REFERRALS,
  connection_attributes: CONNECTION_ATTRIBUTES,
  external_members: EXTERNAL_MEMBERS,
  source_ids: SOURCE_IDS,
  mails: MAILS,
} as const satisfies Readonly<Record<string, Collection>>

export type AccountTable = keyof typeof ACCOUNTS

const KEPT_AS_TOLD = ['external_members', 'source_ids', 'mails'] as const
export type ProjectedTable = Exclude<AccountTable, (typeof KEPT_AS_TOLD)[number]>

/** Those that are functions of the members' facts. */
export const PROJECTED: ReadonlySet<Collection> = new Set(
  Object.values<Collection>(ACCOUNTS).filter(({ name }) => !KEPT_AS_TOLD.some((told) => told === name)),
)

interface Values {
  readonly integer: number
  readonly datetime: number
  readonly text: string
  readonly date: string
  readonly boolean: boolean
}
type ValueOf<C extends Column> =
  | (C['type'] extends keyof Values ? Values[C['type']] : never)
  | (C extends { readonly null: true } ? null : never)

type Columns<T extends AccountTable> = (typeof ACCOUNTS)[T]['columns']

/** A row without the id that it gets. */
export type AccountDraft<T extends AccountTable> = {
  readonly [K in keyof Columns<T>]: Columns<T>[K] extends Column ? ValueOf<Columns<T>[K]> : never
} & { readonly tenant: number }
export type AccountRow<T extends AccountTable> = AccountDraft<T> & { readonly id: number }
export type AccountChanges<T extends AccountTable> = Partial<AccountDraft<T>>
