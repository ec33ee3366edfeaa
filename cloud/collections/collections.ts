// All declared collections. A list added here gets its tables by the schema's last step (P-STEP-1), and is served by the one query engine.
import { Schema } from './collection.ts'
import type { Collection } from './collection.ts'
import { ACCOUNTS } from './tables/accounts.ts'
import { CONFIGURATION } from './tables/configuration.ts'
import { PEOPLE } from './tables/people.ts'

export const COLLECTIONS: readonly Collection[] = [
  ...Object.values<Collection>(CONFIGURATION),
  ...Object.values<Collection>(PEOPLE),
  ...Object.values<Collection>(ACCOUNTS),
]

export const SCHEMA = new Schema(COLLECTIONS)
