// How long to stand back after a connection that ended, and which way to try next (N-3, N-8, N-9). Pure, a part of the machine. A WebSocket that
// never came to carry a frame counts against WebSockets; enough of them, and requests carry the frames. Whatever is refused both ways is tried
// both ways in turn, so that no guess about the network is forever.
import { CLOSE_CODES } from '../../protocol/close-codes.ts'
import {
  BACKOFF_BASE_MS,
  BACKOFF_MS_MAX,
  OBSTACLE_WAIT_MS_MIN,
  RETRY_AFTER_MS_MAX,
  UPGRADES_FAILED_MAX,
} from '../../protocol/limits.ts'
import { versionObstacle } from './obstacles.ts'
import type { Always, Refused, Road } from './states.ts'

/** What is known of the end of a connection. */
export interface Why extends Partial<Refused> {
  /** It never came to carry a frame. */
  readonly unopened?: boolean
  /** It was up: the fleet may have lost its cloud in the same moment. */
  readonly held?: boolean
  /** It was left to try a WebSocket again. */
  readonly upgrade?: boolean
}

export interface StoodBack {
  readonly attempt: number
  readonly road: Road
  readonly msMin: number
  readonly msMax: number
}

/** Reasons that the next attempt will meet again: stand back as far as we ever do. */
const LASTING_CODES: readonly number[] = [
  CLOSE_CODES.malformed,
  CLOSE_CODES.unauthorised,
  CLOSE_CODES.version_old,
  CLOSE_CODES.version_new,
  // Why a life is over is said before the close; where that was lost, it is said again.
  CLOSE_CODES.fenced,
  CLOSE_CODES.too_many,
  CLOSE_CODES.replaced,
]
const ATTEMPTS_COUNTED = Math.ceil(Math.log2(BACKOFF_MS_MAX / BACKOFF_BASE_MS))

export function standBack({ attempt, road }: Always, why: Why): StoodBack {
  const lasting = why.code !== undefined && LASTING_CODES.includes(why.code)
  const counted = lasting ? ATTEMPTS_COUNTED : Math.min(attempt, ATTEMPTS_COUNTED)
  const obstacle = why.obstacle ?? versionObstacle(why.code)
  const asked = Math.min(why.retryAfterMs ?? 0, RETRY_AFTER_MS_MAX)
  const held = obstacle !== null || why.code === CLOSE_CODES.busy
  const msMin = Math.max(held ? OBSTACLE_WAIT_MS_MIN : 0, asked)
  const backoff = Math.min(BACKOFF_MS_MAX, BACKOFF_BASE_MS * 2 ** counted)
  const spread = why.held === true && attempt === 0 ? road.returnMs : 0
  return {
    attempt: Math.min(counted + 1, ATTEMPTS_COUNTED),
    road: { ...road, ...nextWay(road, why), obstacle },
    msMin,
    // Whoever is told to wait comes at a random moment within as long again: those who were told the same do not come together.
    msMax: Math.max(backoff, spread, 2 * msMin),
  }
}

function nextWay(
  { via, failed }: Road,
  { unopened = false, upgrade = false }: Why,
): Pick<Road, 'via' | 'failed'> {
  if (via === 'post')
    return unopened || upgrade ? { via: 'socket', failed: UPGRADES_FAILED_MAX - 1 } : { via, failed }
  if (!unopened) return { via, failed: 0 }
  return failed + 1 < UPGRADES_FAILED_MAX
    ? { via, failed: failed + 1 }
    : { via: 'post', failed: UPGRADES_FAILED_MAX }
}
