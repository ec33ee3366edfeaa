// The day so far, beside what is usual for its weekday by now, with the takings hour by hour.
import type { Today } from '../../till/answers.ts'
import { today } from './watching.ts'
import { amountText, countText } from './words.ts'

const WIDTH = 240
const HEIGHT = 48

const FIGURES: readonly (readonly [figure: keyof Today['figures'], name: string])[] = [
  ['amount', 'Takings'],
  ['sales', 'Sales'],
  ['members_served', 'Members served'],
  ['members_joined', 'New members'],
  ['points_given', 'Points given'],
  ['points_redeemed', 'Points redeemed'],
  ['vouchers_used', 'Vouchers used'],
]

export function Figures() {
  const day = today.value
  if (day === null) return null
  return (
    <section aria-label={`Figures of ${day.date}`} class="figures">
      {FIGURES.map(([figure, name]) => {
        const of = day.figures[figure]
        const usual = day.usual?.[figure] ?? 0
        return (
          <div class="figure" key={figure}>
            <span class="name">{name}</span>
            <span class="value">{figure === 'amount' ? amountText(of) : countText(of)}</span>
            {usual === 0 ? null : <span class="usual">{comparison(of, usual)}</span>}
            {figure === 'amount' ? <Hours day={day} /> : null}
          </div>
        )
      })}
    </section>
  )
}

/** `12 % above usual by now`. */
function comparison(of: number, usual: number): string {
  const percent = Math.round((of / usual - 1) * 100)
  if (percent === 0) return 'as usual by now'
  return `${countText(Math.abs(percent))} % ${percent > 0 ? 'above' : 'below'} usual by now`
}

function Hours({ day }: { day: Today }) {
  const most = Math.max(1, ...day.hours.map(({ amount }) => amount))
  const step = WIDTH / day.hours.length
  const label = day.hours
    .flatMap(({ amount }, hour) => (amount > 0 ? [`${hour}:00 ${amountText(amount)}`] : []))
    .join(', ')
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`Takings by hour: ${label || 'none yet'}`}
    >
      {day.hours.map(({ amount }, hour) => {
        const height = amount > 0 ? Math.max(2, (amount / most) * HEIGHT) : 0
        return <rect key={hour} x={hour * step + 1} y={HEIGHT - height} width={step - 2} height={height} />
      })}
    </svg>
  )
}
