// Programs of the system that a rig needs, and how one finds out whether they are here. What is missing leaves a rig out; it never fails one.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Tool = 'namespaces' | 'linux' | 'tmpfs' | 'cc' | 'strace' | 'libfaketime'

const LIBFAKETIME_PLACES = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1',
  '/usr/lib/faketime/libfaketimeMT.so.1',
]

export function libfaketime(): string | undefined {
  return LIBFAKETIME_PLACES.find((path) => existsSync(path))
}

function runs(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}

function mounts(): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'tillstream-mount-'))
  try {
    if (!runs('mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory)) return false
    return runs('umount', directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const CHECKS: Readonly<Record<Tool, { readonly here: () => boolean; readonly why: string }>> = {
  linux: { here: () => process.platform === 'linux', why: 'this is not Linux' },
  // Also for root a container may forbid it.
  tmpfs: { here: mounts, why: 'it mounts a tmpfs, which only root may, where it may' },
  namespaces: {
    here: () => runs('unshare', '--mount', '--net', 'true'),
    why: 'it makes mount and network namespaces, which only root may, where it may',
  },
  cc: { here: () => runs('cc', '--version'), why: 'there is no C compiler (Debian: gcc, libc6-dev)' },
  // Tracing may be forbidden although the program is here.
  strace: {
    here: () => runs('strace', '-f', '-e', 'trace=none', 'true'),
    why: 'strace is not here or may not trace (Debian: strace)',
  },
  libfaketime: {
    here: () => libfaketime() !== undefined,
    why: 'libfaketime is not here (Debian: libfaketime)',
  },
}

/** Why a rig with these needs cannot run here; undefined when it can. */
export function missing(needs: readonly Tool[]): string | undefined {
  const tool = needs.find((need) => !CHECKS[need].here())
  return tool === undefined ? undefined : CHECKS[tool].why
}
