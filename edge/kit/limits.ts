// Bounds of the kit, with their units; what happens at each is a rule in SPEC.md.

/** How long a cashier waits for an answer, unless the program says otherwise. */
export const PATIENCE_MS = 4_000
/** No answer within this: the attempt is over. Longer than the store may wait for the cloud (QUESTION_WAIT_MS_MAX). */
export const ATTEMPT_MS_MAX = 3_500
export const ATTEMPT_WAIT_MS_BASE = 50
export const ATTEMPT_WAIT_MS_MAX = 1_000
/** Between two looks whether the store takes waiting calls again. */
export const HAND_IN_MS = 2_000
/** Calls on the terminal's disk: days of a busy till, some megabytes. */
export const CALLS_WAITING_MAX = 20_000
/** How long a word of the store's clock is carried on before it is asked again. */
export const TIME_KEPT_MS = 600_000

export const RECONNECT_MS_BASE = 250
export const RECONNECT_MS_MAX = 10_000
/** The store beats at least every FEED_BEAT_MS. */
export const SILENCE_MS_MAX = 30_000
