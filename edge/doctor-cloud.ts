// The doctor's question to the cloud (DR-1): does it answer from here, and if not, what stands between. The words name no address, for they go into the
// bundle too (DR-2).
import { OBSTACLE_WORDS, obstacleOf, obstacleOfFault } from './sync/obstacles.ts'

const WAIT_MS_MAX = 5_000
const CLOCK_OFF_MS_MAX = 2 * 60_000

export interface CloudWord {
  readonly ok: boolean
  readonly found: string
  readonly advice: string | null
}

const GOES_ON = 'The store goes on selling meanwhile.'

export async function askCloud(url: string, now: () => number): Promise<CloudWord> {
  try {
    const answer = await fetch(`${url.replace(/\/$/, '')}/livez`, {
      redirect: 'manual',
      signal: AbortSignal.timeout(WAIT_MS_MAX),
    })
    const text = await answer.text()
    if (answer.status === 200 && text === '{"status":"live"}')
      return reached(answer.headers.get('date'), now())
    const contentType = answer.headers.get('content-type') ?? undefined
    const obstacle = obstacleOf({ status: answer.status, contentType })
    return obstructed(
      obstacle === null ? 'what answers there is no cloud of ours' : OBSTACLE_WORDS[obstacle],
      obstacle === null ? 'Is --cloud right?' : 'Have whoever looks after the network let it through.',
    )
  } catch (cause) {
    return unreached(codeOf(cause))
  }
}

function reached(date: string | null, now: number): CloudWord {
  const off = date === null ? 0 : Math.abs(now - Date.parse(date))
  const minutes = Math.round(off / 60_000)
  return off <= CLOCK_OFF_MS_MAX
    ? { ok: true, found: 'The cloud answers from here.', advice: null }
    : {
        ok: false,
        found: `The cloud answers from here, but its clock and this machine’s are ${minutes} minutes apart.`,
        advice:
          'Set this machine’s clock, or replace its battery; the edge takes its own time from the cloud.',
      }
}

const obstructed = (what: string, advice: string): CloudWord => ({
  ok: false,
  found: `The cloud is not reached: ${what}.`,
  advice: `${advice} ${GOES_ON}`,
})

function unreached(code: string): CloudWord {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return obstructed(
      'its name is not known here',
      'Look at the internet connection and the network’s DNS; is --cloud right?',
    )
  if (code === 'ECONNREFUSED')
    return obstructed(
      'nothing listens at its address',
      'Is --cloud right, with its port? Does the cloud run?',
    )
  if (code === 'CERT_NOT_YET_VALID' || code === 'CERT_HAS_EXPIRED')
    return obstructed(
      'its certificate is not valid at the time that this machine’s clock says',
      'Look at this machine’s clock first; if that is right, HQ’s certificate has to be renewed.',
    )
  const obstacle = obstacleOfFault(code)
  if (obstacle !== null)
    return obstructed(
      OBSTACLE_WORDS[obstacle],
      'Have whoever looks after the network let it through untouched.',
    )
  return obstructed(`it does not answer (${code})`, 'Look at the internet connection.')
}

function codeOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'unknown'
  if (cause.name === 'TimeoutError') return `within ${WAIT_MS_MAX / 1000} s`
  const { cause: inner } = cause
  const code = inner instanceof Error && 'code' in inner ? inner.code : undefined
  return typeof code === 'string' ? code : cause.name
}
