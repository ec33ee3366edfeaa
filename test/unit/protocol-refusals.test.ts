import { describe, expect, test } from 'vitest'
import { CLOSE_CODES } from '../../protocol/close-codes.ts'
import * as limits from '../../protocol/limits.ts'
import { problemOf } from '../../protocol/problem.ts'
import type { RefusalCode } from '../../protocol/refusals.ts'
import { REFUSALS } from '../../protocol/refusals.ts'
import { accept, assert, refuse, unreachable } from '../../protocol/result.ts'
import { PROTOCOL_VERSION, PROTOCOL_VERSIONS_SPOKEN } from '../../protocol/version.ts'

const CODES = Object.keys(REFUSALS) as RefusalCode[]

describe('refusals', () => {
  test.each(CODES)('P-REF-1: %s has a status, a sentence, and says whether trying again may help', (code) => {
    const { status, title, retry } = REFUSALS[code]
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/)
    expect(status >= 400 && status < 600).toBe(true)
    expect(title).toMatch(/^[A-Z][^.]+[^.]$/)
    expect(['never', 'later', 'changed']).toContain(retry)
    // A server's own trouble passes, but a verb it lacks stays lacking; what the caller did wrong does not mend itself by waiting, unless it is a matter of time or state.
    if (status === 501) expect(retry).toBe('never')
    else if (status >= 500) expect(retry).toBe('later')
    if (status === 400 || status === 401 || status === 413) expect(retry).toBe('changed')
  })

  test('P-REF-1: no two codes say the same', () => {
    expect(new Set(CODES.map((code) => REFUSALS[code].title)).size).toBe(CODES.length)
  })

  test('P-REF-1: a refusal is a value, and becomes a problem document of RFC 9457', () => {
    const refused = refuse('points_insufficient', '12 are available', 'perk')
    if (refused.ok) throw new Error('a refusal is not ok')
    expect(problemOf(refused.refusal, 'r-1')).toEqual({
      type: 'urn:tillstream:refusal:points_insufficient',
      title: REFUSALS.points_insufficient.title,
      status: 422,
      detail: '12 are available',
      code: 'points_insufficient',
      request_id: 'r-1',
      retryable: true,
      param: 'perk',
    })
    const plain = refuse('already_voided', 'yesterday')
    expect('param' in plain.refusal).toBe(false)
    expect(problemOf(plain.refusal, 'r-2')).not.toHaveProperty('param')
    expect(problemOf(plain.refusal, 'r-2').retryable).toBe(false)
    expect(accept(5)).toEqual({ ok: true, value: 5 })
  })

  test('P-REF-1: what cannot happen throws', () => {
    expect(() => assert(false, 'gapless')).toThrow('assertion failed: gapless')
    expect(() => unreachable('x' as never)).toThrow('unreachable: "x"')
  })
})

describe('limits', () => {
  test.each(Object.entries(limits))('P-LIM-1: %s is a positive whole number', (name, value) => {
    expect(Number.isSafeInteger(value) && value > 0).toBe(true)
    expect(name).toMatch(/^[A-Z]+(_[A-Z]+)+$/)
  })

  test('P-LIM-1: the limits fit together', () => {
    expect(limits.FACT_BYTES_MAX).toBeLessThan(limits.BATCH_BYTES_MAX)
    expect(limits.BATCH_BYTES_MAX + limits.FACT_BYTES_MAX).toBeLessThan(limits.FRAME_BYTES_MAX)
    expect(limits.AMOUNT_MAX * limits.POINTS_PER_UNIT_MAX).toBeLessThan(2 ** 53)
    expect(limits.HEARTBEAT_MS * 2).toBeLessThan(limits.SILENCE_MS_MAX)
    expect(limits.HEARTBEAT_MS).toBeLessThan(limits.CONFIRM_FRESH_MS_MAX)
    expect(limits.BACKOFF_BASE_MS).toBeLessThan(limits.BACKOFF_MS_MAX)
    expect(limits.RESERVATION_MS_MAX).toBeLessThan(limits.HOLD_MS_MAX)
    expect(limits.PAGE_SIZE_DEFAULT).toBeLessThanOrEqual(limits.PAGE_SIZE_MAX)
    expect(limits.FEED_PAGE_MAX).toBeLessThanOrEqual(limits.FEED_HISTORY_MAX)
    // Every link there can be has out as much as it may.
    const links = limits.HTTP_SOCKETS_MAX + limits.POST_LINES_MAX
    expect(limits.INGEST_QUEUE_BATCHES_MAX).toBe(links * limits.BATCHES_IN_FLIGHT_MAX)
    expect(limits.INGEST_GROUP_BATCHES_MAX).toBeLessThanOrEqual(limits.INGEST_QUEUE_BATCHES_MAX)
    // A sale of as many lines as allowed has fewer items than the structural check lets through.
    expect(limits.LINES_MAX * 6).toBeLessThan(limits.CBOR_ITEMS_MAX)
  })
})

test('P-SYNC-6: this release speaks its own version; the codes for others are ours', () => {
  expect(PROTOCOL_VERSIONS_SPOKEN).toContain(PROTOCOL_VERSION)
  expect([CLOSE_CODES.version_old, CLOSE_CODES.version_new]).toEqual([4406, 4410])
  const codes = Object.values(CLOSE_CODES)
  expect(new Set(codes).size).toBe(codes.length)
  expect(codes.every((code) => code === 1001 || (code >= 4000 && code < 5000))).toBe(true)
})
