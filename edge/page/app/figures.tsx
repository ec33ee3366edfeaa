// The day so far, beside what is usual for its weekday by now, with the takings hour by hour.
import type { Today } from '../../till/answers.ts'
import { today } from './watching.ts'
import { amountText, countText } from './words.ts'

const WIDTH = 240
const HEIGHT = 48

export function Figures() {
  const day = today.value
  if (day === null) return null
  const { figures, usual } = day
  return (
    <section aria-label={`Figures of ${day.date}`} class="figures">
      <Figure name="Takings" value={amountText(figures.amount)} of={figures.amount} usual={usual?.amount} />
      <Figure name="Sales" value={countText(figures.sales)} of={figures.sales} usual={usual?.sales} />
      <Figure name="Members served" value={countText(day.members_served)} />
      <Figure
        name="New members"
        value={countText(figures.members_joined)}
        of={figures.members_joined}
        usual={usual?.members_joined}
      />
      <Figure
        name="Points given"
        value={countText(figures.points_given)}
        of={figures.points_given}
        usual={usual?.points_given}
      />
      <Figure
        name="Points redeemed"
        value={countText(figures.points_redeemed)}
        of={figures.points_redeemed}
        usual={usual?.points_redeemed}
      />
      <Figure
        name="Vouchers used"
        value={countText(figures.vouchers_used)}
        of={figures.vouchers_used}
        usual={usual?.vouchers_used}
      />
      <Hours day={day} />
    </section>
  )
}

interface FigureOf {
  readonly name: string
  readonly value: string
  readonly of?: number
  /** Undefined where there are no such weekdays yet. */
  readonly usual?: number | undefined
}

function Figure({ name, value, of = 0, usual }: FigureOf) {
  return (
    <div class="figure">
      <span class="name">{name}</span>
      <span class="value">{value}</span>
      {usual === undefined || usual === 0 ? null : <span class="usual">{comparison(of, usual)}</span>}
    </div>
  )
}

/** `12 % above the usual`. */
function comparison(of: number, usual: number): string {
  const percent = Math.round((of / usual - 1) * 100)
  if (percent === 0) return 'as usual by now'
  return `${countText(Math.abs(percent))} % ${percent > 0 ? 'above' : 'below'} the usual by now`
}

function Hours({ day }: { day: Today }) {
  const most = Math.max(1, ...day.hours.map(({ amount }) => amount))
  const step = WIDTH / day.hours.length
  const label = day.hours
    .map(({ amount }, hour) => (amount > 0 ? `${hour}:00 ${amountText(amount)}` : ''))
    .filter(Boolean)
    .join(', ')
  return (
    <div class="figure hours">
      <span class="name">Takings by hour</span>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label === '' ? 'no takings yet' : label}>
        {day.hours.map(({ amount }, hour) => {
          const height = Math.max(amount > 0 ? 2 : 0, (Math.max(0, amount) / most) * HEIGHT)
          return <rect key={hour} x={hour * step + 1} y={HEIGHT - height} width={step - 2} height={height} />
        })}
        <line x1="0" y1={HEIGHT} x2={WIDTH} y2={HEIGHT} />
      </svg>
    </div>
  )
}
