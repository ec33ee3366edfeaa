// WebSocket close codes of the sync link and the feeds. 4000-4999 are ours (RFC 6455, section 7.4.2).
export const CLOSE_CODES = {
  /** Going away for a planned stop: reconnect soon. */
  stopping: 1001,
  /** Not a frame of this protocol: do not retry unchanged. */
  malformed: 4400,
  unauthorised: 4401,
  /** A frame that fits no place on this connection: repeated, lost, overtaken or changed on the way. Reconnect: the next one counts anew. */
  misplaced: 4407,
  /** The edge's protocol version is no longer spoken here: the store has to be upgraded (P-VER-1). */
  version_old: 4406,
  /** The edge's is later than ours: the cloud has to be upgraded, and comes first. */
  version_new: 4410,
  /** The reader was too slow and was cut: reconnect and resume by position. Nothing was skipped. */
  resume: 4408,
  /** Fork or rewind: this ledger life is over, a human decides. */
  fenced: 4409,
  /** Too many connections or messages. */
  too_many: 4429,
  /** As much waits at the cloud as it can hold: come again later. */
  busy: 4503,
  /** A newer connection of the same edge took over. */
  replaced: 4430,
} as const

export type CloseReason = keyof typeof CLOSE_CODES
