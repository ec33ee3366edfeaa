// How much a cloud allocates between two small collections. What a commit of a backlog makes lives until its COMMIT, some 10 MB of it, and V8's own size
// is filled twice on the way: then most of it is copied twice and lands among what lives long, by threads that take the cores' time. V8 takes the size
// only at a process's start.

/** For each of two halves; the other one is empty between collections. */
const YOUNG_MIB = 64

/** Flags of Node for a cloud's process. */
export const YOUNG_GENERATION: readonly string[] = ['max', 'min'].map(
  (bound) => `--${bound}-semi-space-size=${YOUNG_MIB}`,
)

/** Puts the process, which has only begun, over into one with these flags: same number, same files. Where a system cannot do that, it goes on as it is. */
export function growYoungGeneration(): void {
  const { platform, argv, env, execArgv, execPath } = process
  if (platform === 'win32' || execArgv.some((flag) => flag.includes('semi-space-size'))) return
  process.execve?.(execPath, [execPath, ...execArgv, ...YOUNG_GENERATION, ...argv.slice(1)], env)
}
