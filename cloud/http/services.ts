// What the handlers stand on. They are given values of the domain and never the machine: time comes from the clock here.
import type { Clock } from '../../protocol/time.ts'
import type { Accounts } from '../domain/accounts/accounts.ts'
import type { Entities } from '../domain/configuration/entities.ts'
import type { Draws } from '../domain/draws.ts'
import type { HqFacts } from '../domain/hq-facts.ts'
import type { MemberLookup } from '../domain/member-lookup.ts'
import type { ProgramShelf } from '../domain/programs.ts'
import type { Resolutions } from '../domain/resolutions.ts'
import type { TotalsTaker } from '../domain/totals.ts'
import type { Certifier } from '../fleet/certifier.ts'
import type { Fleet } from '../fleet/fleet.ts'
import type { Platform } from '../platform/platform.ts'
import type { Reads } from '../store/port.ts'
import type { WhatIfs } from '../what-if/what-ifs.ts'
import type { LiveFeed } from './feed/live-feed.ts'
import type { Metrics } from './metrics.ts'

export interface Services {
  readonly read: Reads
  readonly shelf: ProgramShelf
  readonly fleet: Fleet
  readonly platform: Platform
  /** Of the tenant whose node this is, in PEM. */
  readonly caCertificate: () => Promise<string>
  readonly certifier: Pick<Certifier, 'authorities' | 'step'>
  readonly accounts: Accounts
  readonly entities: Entities
  readonly hqFacts: HqFacts
  readonly members: MemberLookup
  readonly draws: Draws
  readonly resolutions: Resolutions
  readonly totals: TotalsTaker
  readonly whatIfs: WhatIfs
  readonly feed: LiveFeed
  readonly metrics: Metrics
  readonly clock: Clock
  /** The disk is nearly full: nothing is recorded (S-8). */
  readonly readOnly: () => boolean
  /** True from the first signal to stop on. */
  readonly stopping: () => boolean
}
