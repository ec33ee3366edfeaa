// Persons and staff as collections. The platform makes and writes their tables; passwords and secrets are not among these columns, so
// that no query can reach them.
import type { Collection } from '../collection.ts'

const PERSONS: Collection = {
  name: 'persons',
  scope: 'node',
  columns: {
    first_name: { type: 'text' },
    last_name: { type: 'text' },
    birthday: { type: 'date', null: true },
    created: { type: 'datetime' },
    modified: { type: 'datetime' },
  },
  children: {
    emails: { collection: 'person_emails', by: 'person' },
    phones: { collection: 'person_phones', by: 'person' },
    connections: { collection: 'connections', by: 'person' },
  },
  versioned: false,
  owned: true,
}

const contact = (name: string): Collection => ({
  name,
  scope: 'node',
  columns: {
    person: { type: 'integer', refers: 'persons' },
    value: { type: 'text' },
    folded: { type: 'text' },
    main: { type: 'boolean' },
  },
  indexes: [['person']],
  unique: [['folded']],
  versioned: false,
  owned: true,
})

const STAFF: Collection = {
  name: 'staff',
  scope: 'tenant',
  columns: {
    person: { type: 'integer', refers: 'persons' },
    role: { type: 'text' },
    description: { type: 'text' },
    bill_payer: { type: 'boolean' },
    created: { type: 'datetime' },
    modified: { type: 'datetime' },
  },
  indexes: [['person', 'tenant']],
  unique: [['tenant', 'person']],
  versioned: false,
  owned: true,
}

export const PEOPLE = {
  persons: PERSONS,
  person_emails: contact('person_emails'),
  person_phones: contact('person_phones'),
  staff: STAFF,
} as const satisfies Readonly<Record<string, Collection>>
