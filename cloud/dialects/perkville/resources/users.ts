// Users: persons, as their customers' businesses and they themselves see them.
import { datetime, plain, self } from '../../frame/object.ts'
import { identifiedUser } from '../operations/identify.ts'
import { reads, textFilter, time } from '../rows.ts'
import type { PerkvilleResource } from '../rows.ts'
import { INFO, needs, own, staff } from '../scopes.ts'

/** The one user of a code, for whoever asked for it, and nobody else (PK-51). */
const IDENTIFIED = { scopes: needs(['PUBLIC', 'ADMIN_IDENTIFY_USER']), operation: identifiedUser }

export const USERS: PerkvilleResource = {
  name: 'users',
  collection: 'persons',
  me: true,
  fields: {
    user_id: plain('id'),
    first_name: plain('first_name', ''),
    last_mod_dt: datetime('modified'),
    last_name: plain('last_name', ''),
    phone_number: { children: 'person_phones', by: 'person', of: '', fields: {}, first: 'value' },
    birthday: plain('birthday'),
    emails: {
      children: 'person_emails',
      by: 'person',
      of: '',
      fields: { email: plain('value'), primary: plain('main') },
    },
    connections: { children: 'connections', by: 'person', of: 'connections' },
    resource_uri: self('users'),
  },
  filters: {
    user_id: { way: 'id', type: 'int', me: true },
    emails: { way: 'emails', type: 'text', into: 'emails', list: true },
    email: { way: 'emails.folded', type: 'email' },
    phone_number: textFilter('phones.value'),
    last_mod_dt: time('modified'),
  },
  endpoints: reads(INFO, {
    USER_CUSTOMER_INFO: own('id'),
    ADMIN_CUSTOMER_INFO: staff('connections.tenant'),
  }).map((row) => (row.on === 'list' ? { ...row, when: { code: IDENTIFIED } } : row)),
  aside: ['code'],
}
