// Puts the recorder (recorder.c) into a node: compiles it once a run and says what the node's environment needs.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { Surroundings } from '../../../cloud/demo/node-process.ts'

const SOURCE = join(import.meta.dirname, 'recorder.c')
const NORMAL = join(import.meta.dirname, 'normal-instead-of-full.ts')

/** Into `directory`; the path of the library. */
export function compileRecorder(directory: string): string {
  const library = join(directory, 'recorder.so')
  execFileSync('cc', ['-shared', '-fPIC', '-O2', '-o', library, SOURCE, '-ldl', '-lpthread'])
  return library
}

export interface Recording {
  readonly library: string
  /** Whose files are recorded. */
  readonly directory: string
  readonly log: string
  /** Planted: the library says synchronous=FULL and does NORMAL. */
  readonly normal: boolean
}

export function recorded({ library, directory, log, normal }: Recording): Surroundings {
  return {
    env: {
      LD_PRELOAD: library,
      RECORD_DIRECTORY: directory,
      RECORD_LOG: log,
      ...(normal ? { NODE_OPTIONS: `--import ${NORMAL}` } : {}),
    },
  }
}
