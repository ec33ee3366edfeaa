// Every fault and what shows that it is survived: rigs, which `npm run faults` runs, or a reason why there is none, with where it is shown instead.
// Total over the faults: a new one does not compile until it has a row here.
import { filesCut } from './files-cut.ts'
import { storePutBack } from './store-put-back.ts'
import { hostileDevice } from './hostile-device.ts'
import { zoneNight } from './zone-night.ts'
import { upgradeKilled } from './upgrade-killed.ts'
import { nodeCloned } from './node-cloned.ts'
import { nodeDestroyed } from './node-destroyed.ts'
import { cloudPutBack } from './cloud-put-back.ts'
import { loopStalled } from './loop-stalled.ts'
import { backupDrill } from './backup-drill.ts'
import { leaseRaces } from './lease-races.ts'
import { badNetwork } from './bad-network.ts'
import { bitsFlipped } from './bits-flipped.ts'
import { clockJumps } from './clock-jumps.ts'
import { diskFull } from './disk-full.ts'
import { diskLied } from './disk-lied.ts'
import { powerLost } from './power-lost.ts'
import { fleetReturns } from './fleet-returns.ts'
import { longOutage } from './long-outage.ts'
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
  filesCut,
  storePutBack,
  badNetwork,
  hostileDevice,
  nodeCloned,
  nodeDestroyed,
  cloudPutBack,
  leaseRaces,
  loopStalled,
  backupDrill,
  secondWriter,
  clockJumps,
  zoneNight,
  longOutage,
  fleetReturns,
  upgradeKilled,
]

export type Shown = { readonly rigs: readonly Rig[] } | { readonly noRig: string }

export const SHOWN_BY: Readonly<Record<Fault, Shown>> = {
  R01: { rigs: [processKilled, systemCalls] },
  R02: { rigs: [powerLost] },
  R03: { rigs: [diskLied] },
  R04: { rigs: [systemCalls] },
  R05: { rigs: [diskFull, systemCalls] },
  R06: { rigs: [bitsFlipped] },
  R07: { rigs: [filesCut] },
  R08: { rigs: [badNetwork] },
  R09: { rigs: [badNetwork] },
  R10: { rigs: [hostileDevice] },
  R11: { rigs: [storePutBack] },
  R12: { rigs: [nodeCloned] },
  R13: { rigs: [nodeDestroyed] },
  R14: { rigs: [longOutage] },
  R15: { rigs: [fleetReturns] },
  R16: { rigs: [clockJumps] },
  R17: { rigs: [clockJumps] },
  R18: { rigs: [zoneNight] },
  R19: { rigs: [badNetwork] },
  R20: { rigs: [badNetwork] },
  R21: { rigs: [badNetwork] },
  R22: { rigs: [cloudPutBack] },
  R23: { rigs: [cloudPutBack] },
  R24: { rigs: [upgradeKilled] },
  R25: { rigs: [upgradeKilled] },
  R26: { rigs: [leaseRaces] },
  R27: { rigs: [hostileDevice] },
  R28: { rigs: [loopStalled] },
  R29: { rigs: [secondWriter] },
  R30: { rigs: [backupDrill] },
}
