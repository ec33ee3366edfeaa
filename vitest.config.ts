// How the tests run, and the line they end with. A file runs in a process of its own, because the native libraries do not like threads.
import { defineConfig } from 'vitest/config'
import type { Reporter } from 'vitest/node'

const NODE_MAJOR = 22
if (Number(process.versions.node.split('.')[0]) !== NODE_MAJOR)
  throw new Error(
    `The tests need Node ${NODE_MAJOR}, this is ${process.version}: run them with "npm test" or "npx vitest", which take the pinned one`,
  )

/**
 * The last line of a run, for people and scripts, in CI too: `N passed, N failed`. A file that does not load and an error outside of any
 * test count as failures, so that the line never says less than the exit code.
 */
const closingLine: Reporter = {
  onTestRunEnd(modules, errors) {
    const counts = { passed: 0, failed: errors.length, skipped: 0 }
    for (const module of modules) {
      let failedTests = 0
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'pending') counts.skipped += 1
        else counts[state] += 1
        if (state === 'failed') failedTests += 1
      }
      if (module.state() === 'failed' && failedTests === 0) counts.failed += 1
    }
    const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
    process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed${skipped}\n`)
  },
}

/** Two cores, several real processes at once: generous, because a deadline that is met late tells nothing. */
const DEADLINES = { testTimeout: 60_000, hookTimeout: 60_000 } as const
/** These files start nothing that outlives them: they share a process, which saves loading the same modules a hundred times. */
const SHARED = ['conformance', 'contract', 'machine', 'oracle', 'property', 'tables', 'unit'].map(
  (folder) => `test/${folder}/**/*.test.ts`,
)

/**
 * What takes long to show, `npm run test:long`: every planted bug is hunted for, plans that once failed are run again, processes are started as a user starts
 * them, and a count that `npm test` takes a tenth of is taken whole.
 */
const LONG = [
  'test/oracle/in-cloud.test.ts',
  'test/oracle/planted.test.ts',
  'test/simulation/canaries.test.ts',
  'test/simulation/hands.test.ts',
  'test/simulation/regressions.test.ts',
  // The rigs of npm run faults do the same at their size.
  'test/faults/kill.test.ts',
  'test/faults/watchdog.test.ts',
  'test/unit/replay-run.test.ts',
  'test/unit/demo-processes.test.ts',
  // It waits in real time.
  'test/http/cloud-slow.test.ts',
  // Its passcodes are hashed as slowly as real ones.
  'test/http/edge-managers.test.ts',
  // A store's process ends and is started again.
  'test/http/edge-row-rots.test.ts',
  // Rows are flipped and made again, column by column.
  'test/unit/listed-rows-flipped.test.ts',
]
const LONGER = ['test/http/edge-feed-resume.test.ts']

/** Needs Chromium: a command of its own, `npm run test:browser`. */
const BROWSER = 'test/browser/**/*.test.ts'
const PAGE = 'test/support/build-page.ts'

export default defineConfig({
  test: {
    pool: 'forks',
    // One more than the cores it is meant for: much of it waits for processes and disks.
    maxWorkers: 3,
    reporters: ['default', closingLine],
    projects: [
      {
        test: { name: 'shared', include: SHARED, exclude: LONG, isolate: false, ...DEADLINES },
      },
      {
        test: {
          name: 'own',
          include: ['test/**/*.test.ts'],
          exclude: [...SHARED, ...LONG, BROWSER],
          globalSetup: PAGE,
          ...DEADLINES,
        },
      },
      {
        test: {
          name: 'long',
          include: [...LONG, ...LONGER],
          env: { RECONNECTS: '10000' },
          globalSetup: PAGE,
          ...DEADLINES,
        },
      },
      { test: { name: 'browser', include: [BROWSER], globalSetup: PAGE, ...DEADLINES } },
    ],
  },
})
