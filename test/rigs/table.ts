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
  R07: {
    noRig:
      'no rig yet: cuts at every page, an empty file and a ledger behind its sentinel are in test/unit/ledger.test.ts',
  },
  R08: { rigs: [badNetwork] },
  R09: { rigs: [badNetwork] },
  R10: {
    noRig:
      'another fact at a known position is fenced, the same one is answered as known: test/unit/ingest.test.ts',
  },
  R11: {
    noRig:
      'no rig yet: a ledger put back, its tail and its next life are in test/unit/lives.test.ts and test/kit',
  },
  R12: { noRig: 'no rig yet: a copy that is held and approved is in test/unit/lives.test.ts' },
  R13: { noRig: 'terminals hand in again what they hold: the strike "disk lost" of test/simulation' },
  R14: { noRig: 'no rig yet: the drain of a long outage is a bench' },
  R15: { noRig: 'no rig yet: the return of a fleet is a bench' },
  R16: { rigs: [clockJumps] },
  R17: { rigs: [clockJumps] },
  R18: { noRig: 'a pure function of time and zone: test/property/time.test.ts, test/tables/time.test.ts' },
  R19: { rigs: [badNetwork] },
  R20: { rigs: [badNetwork] },
  R21: { rigs: [badNetwork] },
  R22: { noRig: 'no rig yet: a cloud put back, with equal outcomes, is in test/unit/lives.test.ts' },
  R23: { noRig: 'one cloud node; regions come with the second store engine' },
  R24: { noRig: 'recorded frames of every protocol version: test/versions' },
  R25: {
    noRig:
      'no rig yet: a crash at every statement of a change of tables is in test/versions/schema-steps.test.ts',
  },
  R26: { noRig: 'no rig yet: test/unit/leases.test.ts, test/property/lease-schedules.test.ts' },
  R27: { noRig: 'no rig yet: quarantine of single facts is in test/unit/ingest.test.ts' },
  R28: { noRig: 'no rig yet: a blocked loop is ended in test/faults/watchdog.test.ts' },
  R29: { rigs: [secondWriter] },
  R30: { noRig: 'no rig yet: a backup put back, and what it holds, is in test/unit/copies.test.ts' },
}
