// The rigs that `npm run faults` runs. Every fault of the list has one that shows that it is survived (test/faults/table.test.ts).
import { filesCut } from './files-cut.ts'
import { fullDiskSteps } from './full-disk-steps.ts'
import { storePutBack } from './store-put-back.ts'
import { hostileDevice } from './hostile-device.ts'
import { zoneNight } from './zone-night.ts'
import { upgradeKilled } from './upgrade-killed.ts'
import { nodeCloned } from './node-cloned.ts'
import { nodeDestroyed } from './node-destroyed.ts'
import { cloudPutBack } from './cloud-put-back.ts'
import { cloudRots } from './cloud-rots.ts'
import { idleImages } from './idle-images.ts'
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
import { releasesApart } from './releases-apart.ts'
import { secondWriter } from './second-writer.ts'
import { systemCalls } from './system-calls.ts'
import { processKilled } from './process-killed.ts'
import type { Rig } from './frame/rig.ts'

/** In the order in which they begin: what takes longest first, so that none is left to run alone at the end. */
export const RIGS: readonly Rig[] = [
  systemCalls,
  powerLost,
  upgradeKilled,
  loopStalled,
  processKilled,
  diskLied,
  diskFull,
  releasesApart,
  cloudRots,
  bitsFlipped,
  filesCut,
  fullDiskSteps,
  storePutBack,
  badNetwork,
  hostileDevice,
  nodeCloned,
  idleImages,
  nodeDestroyed,
  cloudPutBack,
  leaseRaces,
  backupDrill,
  secondWriter,
  clockJumps,
  zoneNight,
  longOutage,
  fleetReturns,
]
