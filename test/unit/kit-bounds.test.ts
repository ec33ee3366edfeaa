// The kit's waits: full jitter up to a bound that doubles, and no further (KT-2, KW-3).
import { expect, test } from 'vitest'
import { backoff } from '../../edge/kit/jitter.ts'
import {
  ATTEMPT_MS_MAX,
  ATTEMPT_WAIT_MS_BASE,
  ATTEMPT_WAIT_MS_MAX,
  PATIENCE_MS,
  RECONNECT_MS_BASE,
  RECONNECT_MS_MAX,
  SILENCE_MS_MAX,
} from '../../edge/kit/limits.ts'
import { FEED_BEAT_MS, QUESTION_WAIT_MS_MAX } from '../../protocol/limits.ts'

test.each([
  ['KT-2', ATTEMPT_WAIT_MS_BASE, ATTEMPT_WAIT_MS_MAX],
  ['KW-3', RECONNECT_MS_BASE, RECONNECT_MS_MAX],
])('%s: waits are drawn from %i ms, doubled with each attempt, up to %i', (_, base, most) => {
  for (const attempt of [0, 1, 2, 10, 100]) {
    const bound = Math.min(most, base * 2 ** attempt)
    const waits = Array.from({ length: 400 }, () => backoff(base, most, attempt))
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...waits)).toBeLessThanOrEqual(bound)
    // Of 400 even draws the chance that none is in the upper tenth is below 10^-18.
    expect(Math.max(...waits)).toBeGreaterThan(0.9 * bound)
  }
})

test('KT-2 KW-4 an attempt is longer than the store may wait for the cloud, patience longer than an attempt, silence longer than beats', () => {
  expect(ATTEMPT_MS_MAX).toBeGreaterThan(QUESTION_WAIT_MS_MAX)
  expect(PATIENCE_MS).toBeGreaterThan(ATTEMPT_MS_MAX)
  expect(SILENCE_MS_MAX).toBeGreaterThan(2 * FEED_BEAT_MS)
})
