// Every fault and what shows that it is survived: rigs, which `npm run faults` runs, or a reason why there is none, with where it is shown instead.
// Total over the faults: a new one does not compile until it has a row here.
import { badNetwork } from './bad-network.ts'
import { clockJumps } from './clock-jumps.ts'
import { diskFull } from './disk-full.ts'
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
  diskFull,
  badNetwork,
  secondWriter,
  clockJumps,
]

export type Shown = { readonly rigs: readonly Rig[] } | { readonly noRig: string }

export const SHOWN_BY: Readonly<Record<Fault, Shown>> = {
  R01: { rigs: [processKilled, systemCalls] },
  R02: { rigs: [powerLost] },
  R03: { noRig: 'not built yet' },
  R04: { rigs: [systemCalls] },
  R05: { rigs: [diskFull, systemCalls] },
  R06: { noRig: 'not built yet' },
  R07: { noRig: 'not built yet' },
  R08: { rigs: [badNetwork] },
  R09: { rigs: [badNetwork] },
  R10: { noRig: 'not built yet' },
  R11: { noRig: 'not built yet' },
  R12: { noRig: 'not built yet' },
  R13: { noRig: 'not built yet' },
  R14: { noRig: 'not built yet' },
  R15: { noRig: 'not built yet' },
  R16: { rigs: [clockJumps] },
  R17: { rigs: [clockJumps] },
  R18: { noRig: 'a pure function of time and zone: test/property/time.test.ts, test/tables/time.test.ts' },
  R19: { rigs: [badNetwork] },
  R20: { rigs: [badNetwork] },
  R21: { rigs: [badNetwork] },
  R22: { noRig: 'not built yet' },
  R23: { noRig: 'one cloud node; regions come with the second store engine' },
  R24: { noRig: 'recorded frames of every protocol version: test/versions' },
  R25: { noRig: 'not built yet' },
  R26: { noRig: 'not built yet' },
  R27: { noRig: 'not built yet' },
  R28: { noRig: 'not built yet' },
  R29: { rigs: [secondWriter] },
  R30: { noRig: 'not built yet' },
}
