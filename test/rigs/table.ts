// Every fault and what shows that it is survived: rigs, which `npm run faults` runs, or a reason why there is none, with where it is shown instead.
// Total over the faults: a new one does not compile until it has a row here.
import { badNetwork } from './bad-network.ts'
import { bitsFlipped } from './bits-flipped.ts'
import { clockJumps } from './clock-jumps.ts'
import { diskFull } from './disk-full.ts'
import { diskLied } from './disk-lied.ts'
import { powerLost } from './power-lost.ts'
import { secondWriter } from './second-writer.ts'
import { systemCalls } from './system-calls.ts'
import { processKilled } from './process-killed.ts'
import type { Fault } from './frame/faults.ts'
import type { Rig } from './frame/rig.ts'

/** In the order in which they run. */
export const RIGS: readonly Rig[] = [
  processKilled,
  systemCalls,
  powerLost,
  diskLied,
  diskFull,
  bitsFlipped,
  badNetwork,
  secondWriter,
  clockJumps,
]

export type Shown = { readonly rigs: readonly Rig[] } | { readonly noRig: string }

export const SHOWN_BY: Readonly<Record<Fault, Shown>> = {
  R01: { rigs: [processKilled, systemCalls] },
  R02: { rigs: [powerLost] },
  R03: { rigs: [diskLied] },
  R04: { rigs: [systemCalls] },
  R05: { rigs: [diskFull, systemCalls] },
  R06: { rigs: [bitsFlipped] },
  R07: {
    noRig:
      'no rig yet: a ledger cut short is noticed once the cloud is asked, nothing stands beside it that would tell sooner',
  },
  R08: { rigs: [badNetwork] },
  R09: { rigs: [badNetwork] },
  R10: {
    noRig:
      'another fact at a known position is fenced, the same one is answered as known: test/unit/ingest.test.ts',
  },
  R11: { noRig: 'no rig yet: a rewound ledger is fenced by the cloud, see N-4 in test/machine and R03' },
  R12: { noRig: 'no rig yet: a second head at one position is fenced by the cloud, see N-4 in test/machine' },
  R13: { noRig: 'terminals hand in again what they hold: the strike "disk lost" of test/simulation' },
  R14: { noRig: 'no rig yet: the drain of a long outage is a bench' },
  R15: { noRig: 'no rig yet: the return of a fleet is a bench' },
  R16: { rigs: [clockJumps] },
  R17: { rigs: [clockJumps] },
  R18: { noRig: 'a pure function of time and zone: test/property/time.test.ts, test/tables/time.test.ts' },
  R19: { rigs: [badNetwork] },
  R20: { rigs: [badNetwork] },
  R21: { rigs: [badNetwork] },
  R22: { noRig: 'no rig yet, and nothing else that shows it' },
  R23: { noRig: 'one cloud node; regions come with the second store engine' },
  R24: { noRig: 'recorded frames of every protocol version: test/versions' },
  R25: {
    noRig:
      'no rig yet: a crash at every statement of a change of tables is in test/versions/schema-steps.test.ts',
  },
  R26: { noRig: 'no rig yet: test/unit/leases.test.ts' },
  R27: { noRig: 'no rig yet: quarantine of single facts is in test/unit/ingest.test.ts' },
  R28: { noRig: 'no rig yet, and nothing else that shows it' },
  R29: { rigs: [secondWriter] },
  R30: { noRig: 'no rig yet, and nothing else that shows it' },
}
