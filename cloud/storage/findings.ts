// What a look at a node's data is told in (DR-1, V-6): one thing, whether it is well, and in plain words what was found and what to do about it. What both
// nodes' doctors look at alike stands here too: the directory, and the room on its disk. A look changes nothing.
import { accessSync, constants, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DiskRoom } from './disk-room.ts'

export interface Finding<About extends string> {
  readonly about: About
  readonly ok: boolean
  readonly found: string
  /** Null where nothing is to be done. */
  readonly advice: string | null
}

/** Of whom the file is, and how the tools' words call it: the node, and what only its directory holds. */
export interface Keeper {
  readonly node: string
  readonly holds: string
  /** What becomes of the data meanwhile, where the disk is full. */
  readonly meanwhile?: string
}

const MIB = 1024 * 1024
const OTHERS_MAY = 0o077

export const well = <About extends string>(about: About, found: string): Finding<About> => ({
  about,
  ok: true,
  found,
  advice: null,
})

export const wrong = <About extends string>(about: About, found: string, advice: string): Finding<About> => ({
  about,
  ok: false,
  found,
  advice,
})

export function directoryFinding(path: string, { node, holds }: Keeper): Finding<'directory'> {
  const directory = dirname(path)
  try {
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch {
    return wrong(
      'directory',
      'This user may not write the data directory, or its disk is mounted read-only.',
      `Run as the user the ${node} runs as, or give it the directory (chown). A disk with errors is mounted read-only: look at the system log (dmesg).`,
    )
  }
  return (statSync(directory).mode & OTHERS_MAY) === 0
    ? well('directory', `The data directory is the ${node} user’s alone.`)
    : wrong(
        'directory',
        `Other users of this machine may look into the data directory, which holds the ${holds}.`,
        `chmod 700 ${directory}`,
      )
}

export function diskFinding(path: string, { node, meanwhile = '' }: Keeper): Finding<'disk'> {
  const { room, space, lowBytes } = new DiskRoom(path, undefined, false)
  const free = `${Math.floor(space.free / MIB)} MiB are free`
  return room === 'ample'
    ? well('disk', `The disk has room: ${free}.`)
    : wrong(
        'disk',
        `The disk is nearly full: ${free}; below ${Math.ceil(lowBytes / MIB)} MiB nothing is recorded.`,
        `Delete what is not the ${node}’s from this disk, or give it a larger one. With twice as much free the ${node} records again by itself.${meanwhile}`,
      )
}

export function lineOf({ about, ok, found, advice }: Finding<string>): string {
  return `${ok ? 'ok   ' : 'LOOK '} ${about}: ${found}${advice === null ? '' : `\n      -> ${advice}`}\n`
}
