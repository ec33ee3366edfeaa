// The thirty faults of the table: what breaks, in a few words. Every list over them is total, so that leaving one out does not compile.
export const FAULTS = {
  R01: 'a node is killed at any instant',
  R02: 'power is lost',
  R03: 'the disk lies about having written',
  R04: 'an I/O error while writing',
  R05: 'the disk is full',
  R06: 'bits of the file are flipped',
  R07: 'files cut short, emptied or deleted',
  R08: 'a batch comes twice',
  R09: 'batches out of order, with a gap',
  R10: 'an old batch is played again',
  R11: 'a ledger restored from an old backup',
  R12: 'a node cloned, two copies live',
  R13: 'a node destroyed before it synced',
  R14: 'thirty days offline',
  R15: 'five thousand stores return at once',
  R16: 'the clock jumps by years',
  R17: 'no valid time at boot',
  R18: 'time zones, DST, midnight',
  R19: 'a network that flaps, loses, stalls and lies',
  R20: 'terminals cut off from their store',
  R21: 'the cloud committed, its reply is lost',
  R22: 'the cloud restored from an old backup',
  R23: 'a region of the cloud is lost',
  R24: 'an old store and a new cloud',
  R25: 'an upgrade of the schema breaks off',
  R26: 'races for a lease, lost grants',
  R27: 'a fact no cloud can take',
  R28: 'a stalled event loop',
  R29: 'two writers by mistake',
  R30: 'a backup that is no good',
} as const

export type Fault = keyof typeof FAULTS

export const FAULT_CODES = Object.keys(FAULTS) as readonly Fault[]

export function isFault(word: string): word is Fault {
  return Object.hasOwn(FAULTS, word)
}
