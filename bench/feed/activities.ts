// What the sides of the feed's bench tell: sales of a busy store, as the till writes them, half of them to members. The same for every side, so that a
// reader of any of them learns as much.
import { timeText } from '../../edge/till/wording.ts'

const TILLS = 8
export const MEMBERS = 400
const MORNING = Date.UTC(2026, 0, 1, 12)
/** Sales in a millisecond. */
const SALES_MS = 10

/** Minor units. */
export const amountAt = (n: number): number => 100 + ((n * 7_919) % 19_900)
export const tillAt = (n: number): string => `till-${n % TILLS}`
/** Every other sale is a guest's: undefined. */
export const memberAt = (n: number): number | undefined => (n % 2 === 0 ? (n * 31) % MEMBERS : undefined)
export const memberName = (member: number): string =>
  `${String.fromCharCode(65 + (member % 26))}da ${String.fromCharCode(65 + (member % 23))}lace`

/** All but its position, with which it begins. */
function restAt(n: number): string {
  const member = memberAt(n)
  const whole = member === undefined ? '' : memberName(member)
  const name = member === undefined ? null : `${whole[0]}. ${whole[4]}. \\u2026${10 + (member % 90)}`
  const amount = amountAt(n)
  const points = member === undefined ? 0 : Math.floor(amount / 100)
  return (
    `"epoch":1,"time":"${timeText(MORNING + Math.floor(n / SALES_MS))}","kind":"sale","fact":"${2 ** 34 + n}",` +
    `"terminal":"${tillAt(n)}","member":${name === null ? 'null' : `"${name}"`},"amount":${amount},"points":${points},"status":"provisional",` +
    `"tier":null,"vouchers":0,"text":"Sale of ${(amount / 100).toFixed(2)} GBP to ${name ?? 'a guest'}${points === 0 ? '' : `: ${points} points`}"}`
  )
}

/** As many as a turn of any side tells. */
export const PER_TURN = 100
const RESTS = Array.from({ length: PER_TURN }, (_, n) => restAt(n))

/** JSON. */
export function activityAt(position: number): string {
  return `{"position":${position},${RESTS[position % PER_TURN] ?? ''}`
}

/** For a side that keeps none: always the same. */
export const TURN: readonly string[] = RESTS.map((_, n) => activityAt(1_000 + n))
