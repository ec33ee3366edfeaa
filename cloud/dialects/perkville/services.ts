// What the operations of this dialect stand on: reading collections, and operations of the domain. Nothing here is the store or HTTP.
import type { Schema } from '../../collections/collection.ts'
import type { Configuration } from '../../domain/configuration/configuration.ts'
import type { Accounts } from '../../domain/accounts/accounts.ts'
import type { ProgramShelf } from '../../domain/programs.ts'
import type { Identification } from '../../platform/identification.ts'
import type { CollectionReads } from '../../store/collection-port.ts'
import type { Clock } from '../../../protocol/time.ts'

export interface PerkvilleServices {
  readonly read: Pick<CollectionReads, 'rows'>
  readonly schema: Schema
  readonly configuration: Configuration
  readonly shelf: ProgramShelf
  readonly clock: Clock
  readonly accounts: Accounts
  readonly identification: Identification
}
