// The part of the store's port that is about who may do what: businesses, persons, staff, API clients, and what they were given to prove it.
// Secrets are kept as SHA-256 only; a row that proves something is found by that hash (PL-4). Persons belong to the node, everything else to
// a tenant or to a client.
import type { Millis } from '../../protocol/time.ts'

type TenantId = number

declare const brand: unique symbol
export type PersonId = number & { readonly [brand]: 'PersonId' }
export type ClientId = number & { readonly [brand]: 'ClientId' }

export interface TenantRow {
  readonly id: TenantId
  readonly name: string
  /** SHA-256 of its HQ token; null for the node's first tenant, whose HQ token is the operator's. */
  readonly hqHash: string | null
  /** Names of the dialects it is served in. */
  readonly dialects: readonly string[]
  readonly modified: Millis
}

export interface PersonRow {
  readonly id: PersonId
  readonly firstName: string
  readonly lastName: string
  /** YYYY-MM-DD */
  readonly birthday: string | null
  /** An argon2id hash in its own text form; null where the person cannot log in. */
  readonly password: string | null
  readonly created: Millis
  readonly modified: Millis
}

/** Found by `folded`: no two persons of the node share an address or a number. */
export interface ContactOfPerson {
  readonly person: PersonId
  readonly kind: 'email' | 'phone'
  /** As it was given. */
  readonly value: string
  /** As it is compared: an e-mail in lower case, a number as `+` and digits. */
  readonly folded: string
  readonly main: boolean
}

export const STAFF_ROLES = ['ADMIN', 'EMPLOYEE', 'FRONT_DESK', 'EMAIL_ONLY'] as const
export type StaffRole = (typeof STAFF_ROLES)[number]

export interface StaffRow {
  readonly id: number
  readonly tenant: TenantId
  readonly person: PersonId
  readonly role: StaffRole
  /** The only locations it counts at; null: all of the business. */
  readonly locations: readonly number[] | null
  readonly description: string
  readonly billPayer: boolean
  readonly created: Millis
  readonly modified: Millis
}

/** Somebody may become staff by an e-mailed or handed-over secret, once. */
export interface InvitationRow {
  readonly hash: string
  readonly tenant: TenantId
  readonly email: string
  readonly role: StaffRole
  readonly locations: readonly number[] | null
  readonly expires: Millis
}

/** A secret that went to an address: whoever brings it holds the address. */
export interface ProofRow {
  readonly hash: string
  /** `password`: the person sets one. `address`: it becomes one of the person's. */
  readonly purpose: 'password' | 'address'
  readonly person: PersonId
  /** The address it went to, folded. */
  readonly email: string
  readonly expires: Millis
}

export const GRANTS = [
  'authorization_code',
  'pkce_mobile',
  'client_credentials',
  'password',
  'refresh_token',
] as const
/** `pkce_mobile`: the code grant of a public client, which has no secret and must send a challenge. */
export type Grant = (typeof GRANTS)[number]

export interface ClientRow {
  readonly id: ClientId
  /** What the client calls itself: its client_id. */
  readonly key: string
  readonly name: string
  /** Whose scopes and addresses it uses: `native`, or a dialect's name. */
  readonly dialect: string
  /** SHA-256 of its secret; null for a public client. */
  readonly secretHash: string | null
  /** In order: the first is taken where a request names none. */
  readonly redirectUris: readonly string[]
  readonly scopes: readonly string[]
  readonly grants: readonly Grant[]
  /** The businesses it may act for; empty: all of the node. */
  readonly tenants: readonly TenantId[]
  readonly disabled: boolean
  readonly created: Millis
  readonly modified: Millis
}

/** What a person agreed to, or a client was given: the family of everything that was issued for it. Ending it ends them all. */
export interface FamilyRow {
  readonly id: number
  readonly client: ClientId
  /** Null: the client acts for itself. */
  readonly person: PersonId | null
  readonly scopes: readonly string[]
  readonly grant: Grant
  readonly created: Millis
  readonly ended: boolean
}

export interface IssuedRow {
  readonly hash: string
  readonly family: number
  readonly kind: 'code' | 'access' | 'refresh'
  readonly scopes: readonly string[]
  /** Null: until it is revoked. */
  readonly expires: Millis | null
  /** A code or refresh token that was exchanged. */
  readonly used: boolean
  /** Of a code: where it was sent, and the S256 challenge it was asked for with. */
  readonly redirectUri: string | null
  readonly challenge: string | null
}

/** Whom a family is for, as they stand now. */
export interface FamilyWhole {
  readonly family: number
  readonly scopes: readonly string[]
  readonly of: FamilyRow
  readonly client: ClientRow
  readonly staff: readonly StaffRow[]
}

/** Everything that deciding about a token needs, in one look. */
export type IssuedWhole = IssuedRow & FamilyWhole

export interface SessionRow {
  readonly hash: string
  readonly person: PersonId
  readonly expires: Millis
}

export interface ConsentRow {
  readonly person: PersonId
  readonly client: ClientId
  readonly scopes: readonly string[]
  readonly at: Millis
}

/** An identify token (no person yet), and the code that it is exchanged for. */
export interface IdentificationRow {
  readonly hash: string
  readonly kind: 'token' | 'code'
  /** The family of the bearer token that asked. */
  readonly family: number
  readonly tenant: TenantId | null
  readonly person: PersonId | null
  readonly redirectUri: string
  readonly state: string
  readonly expires: Millis
}

export interface PlatformReads {
  tenants(): Promise<TenantId[]>
  tenant(id: TenantId): Promise<TenantRow | undefined>
  tenantByHqHash(hash: string): Promise<TenantRow | undefined>
  /** By id; `after` is one. */
  tenantList(page: { readonly after: number; readonly limit: number }): Promise<TenantRow[]>
  person(id: PersonId): Promise<PersonRow | undefined>
  personByContact(kind: ContactOfPerson['kind'], folded: string): Promise<PersonRow | undefined>
  contactsOf(person: PersonId): Promise<ContactOfPerson[]>
  staffOf(person: PersonId): Promise<StaffRow[]>
  staffMember(tenant: TenantId, id: number): Promise<StaffRow | undefined>
  staffOfTenant(
    tenant: TenantId,
    page: { readonly after: number; readonly limit: number },
  ): Promise<StaffRow[]>
  client(id: ClientId): Promise<ClientRow | undefined>
  clientByKey(key: string): Promise<ClientRow | undefined>
  /** Those that act for this business and no other. */
  clientsOfTenant(
    tenant: TenantId,
    page: { readonly after: number; readonly limit: number },
  ): Promise<ClientRow[]>
  issued(hash: string): Promise<IssuedWhole | undefined>
  familyWhole(id: number): Promise<FamilyWhole | undefined>
  session(hash: string): Promise<SessionRow | undefined>
  consent(person: PersonId, client: ClientId): Promise<ConsentRow | undefined>
  consentsOf(person: PersonId): Promise<ConsentRow[]>
  identification(hash: string): Promise<IdentificationRow | undefined>
  invitation(hash: string): Promise<InvitationRow | undefined>
  proof(hash: string): Promise<ProofRow | undefined>
}

export interface PlatformWrites extends Pick<
  PlatformReads,
  | 'tenants'
  | 'tenant'
  | 'person'
  | 'personByContact'
  | 'contactsOf'
  | 'staffOf'
  | 'staffOfTenant'
  | 'client'
  | 'clientByKey'
  | 'clientsOfTenant'
  | 'issued'
  | 'familyWhole'
  | 'staffMember'
  | 'identification'
  | 'invitation'
  | 'proof'
> {
  insertTenant(name: string): Promise<TenantId>
  saveTenant(row: TenantRow): Promise<void>
  insertPerson(row: Omit<PersonRow, 'id'>): Promise<PersonRow>
  savePerson(row: PersonRow): Promise<void>
  /** False, and nothing is kept, where it belongs to somebody. A main one takes the place of the main one before. */
  insertContact(row: ContactOfPerson): Promise<boolean>
  deleteContact(kind: ContactOfPerson['kind'], folded: string): Promise<void>
  /** All of one person's become another's, who keeps their own main ones. */
  moveContacts(from: PersonId, to: PersonId): Promise<void>
  /** One row per business and person. */
  saveStaff(row: Omit<StaffRow, 'id'>): Promise<StaffRow>
  deleteStaff(tenant: TenantId, person: PersonId): Promise<void>
  insertInvitation(row: InvitationRow): Promise<void>
  /** The invitation, which is gone now. */
  takeInvitation(hash: string): Promise<InvitationRow | undefined>
  insertClient(row: Omit<ClientRow, 'id'>): Promise<ClientRow>
  saveClient(row: ClientRow): Promise<void>
  insertFamily(row: Omit<FamilyRow, 'id' | 'ended'>): Promise<FamilyRow>
  endFamily(id: number): Promise<void>
  insertIssued(row: Omit<IssuedRow, 'used'>): Promise<void>
  /** Whether it was unused until now. */
  useIssued(hash: string): Promise<boolean>
  deleteIssued(hash: string): Promise<void>
  insertSession(row: SessionRow): Promise<void>
  deleteSession(hash: string): Promise<void>
  deleteSessionsOf(person: PersonId): Promise<void>
  saveConsent(row: ConsentRow): Promise<void>
  /** The agreement and everything that was issued for it; without a client, of all. */
  endConsents(person: PersonId, client: ClientId | null): Promise<void>
  insertProof(row: ProofRow): Promise<void>
  /** The proof, which is gone now. */
  takeProof(hash: string): Promise<ProofRow | undefined>
  insertIdentification(row: IdentificationRow): Promise<void>
  /** The row, which is gone now. */
  takeIdentification(hash: string): Promise<IdentificationRow | undefined>
  /** Takes away what ran out, at most `limit` of each kind. */
  sweepPlatform(now: Millis, limit: number): Promise<void>
}
