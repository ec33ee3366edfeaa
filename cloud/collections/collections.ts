// All declared collections. A list added here gets its tables by the schema's last step (P-STEP-1), and is served by the one query engine.
import type { Collection } from './collection.ts'
import { ACCOUNTS } from './tables/accounts.ts'
import { CONFIGURATION } from './tables/configuration.ts'

export const COLLECTIONS: readonly Collection[] = [
  ...Object.values<Collection>(CONFIGURATION),
  ...Object.values<Collection>(ACCOUNTS),
]
