// Reads the recorder's log: what a process did to its files, in order. The record's form is that of recorder.c.
import { readFileSync } from 'node:fs'
import type { Instant } from '../../../cloud/demo/ack-log.ts'

export type DiskOperation =
  | { readonly what: 'begun' }
  | {
      readonly what: 'opened'
      readonly file: number
      readonly path: string
      readonly created: boolean
      readonly emptied: boolean
    }
  | { readonly what: 'written'; readonly file: number; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly what: 'cut'; readonly file: number; readonly size: number }
  | { readonly what: 'synced'; readonly file: number }
  | { readonly what: 'unlinked'; readonly path: string }
  | { readonly what: 'renamed'; readonly from: string; readonly to: string }

export interface DiskRecord {
  /** Before the call was made. */
  readonly started: Instant
  readonly operation: DiskOperation
}

const HEAD_BYTES = 40
const O_CREAT = 0o100
const O_TRUNC = 0o1000

export function readDiskLog(path: string): DiskRecord[] {
  const log = readFileSync(path)
  const records: DiskRecord[] = []
  for (let at = 0; at + HEAD_BYTES <= log.length;) {
    const length = log.readUInt32LE(at + 32)
    const bytes = log.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length)
    if (bytes.length === length)
      records.push({ started: log.readBigUInt64LE(at), operation: operationAt(log, at, bytes) })
    at += HEAD_BYTES + length
  }
  return records
}

function operationAt(log: Buffer, at: number, bytes: Buffer): DiskOperation {
  const offset = Number(log.readBigUInt64LE(at + 16))
  const what = log.readUInt32LE(at + 24)
  const file = log.readUInt32LE(at + 28)
  switch (what) {
    case 1:
      return {
        what: 'opened',
        file,
        path: bytes.toString(),
        created: (offset & O_CREAT) !== 0,
        emptied: (offset & O_TRUNC) !== 0,
      }
    case 2:
      return { what: 'written', file, offset, bytes }
    case 3:
      return { what: 'cut', file, size: offset }
    case 4:
      return { what: 'synced', file }
    case 5:
      return { what: 'unlinked', path: bytes.toString() }
    case 6: {
      const [from = '', to = ''] = bytes.toString().split('\0')
      return { what: 'renamed', from, to }
    }
    case 7:
      return { what: 'begun' }
    default:
      throw new Error(`record of kind ${what} at byte ${at}`)
  }
}
