// What a customer is told of by e-mail because of an effect: a challenge that is completed or came further, points that expire soon (MAIL-7). It is told once,
// however often the fact is folded again, and only while it is news: a history that is brought in later tells nobody anything.
import type { MemberId } from '../../../../protocol/ids.ts'
import { millisOf } from '../../../../protocol/time.ts'
import type { HybridTime } from '../../../../protocol/time.ts'
import type { Effect, EffectKind } from '../../../evaluation/effects.ts'
import type { ActivityRow } from '../../../store/port.ts'
import { POINTS } from '../../../evaluation/document/metrics.ts'
import { queueMail } from '../mail-queue.ts'
import type { MailType } from '../mail-types.ts'
import type { ProjectionScene } from './scene.ts'

/** How old what is told may be. */
export const MAIL_NEWS_MS_MAX = 48 * 3_600_000

const TOLD = {
  expiry_warning: 'POINT_EXPIRATION_WARN',
  requirement_completed: 'CHALLENGE_PROGRESS_UPDATE',
  challenge_completed: 'CHALLENGE_COMPLETE',
} as const satisfies Partial<Record<EffectKind, MailType>>
type ToldKind = keyof typeof TOLD
type ToldEffect = Effect & { readonly kind: ToldKind }

export async function tellByMail(scene: ProjectionScene, activities: readonly ActivityRow[]): Promise<void> {
  for (const row of activities) {
    const told = row.effects.filter(isTold)
    if (told.length === 0 || row.member === 0 || scene.now - millisOf(row.at) > MAIL_NEWS_MS_MAX) continue
    const completed = told.some(({ kind }) => kind === 'challenge_completed')
    for (const effect of told)
      // The last requirement is told of by what it completes.
      if (!completed || effect.kind !== 'requirement_completed') await tell(scene, row, effect)
  }
}

function isTold(effect: Effect): effect is ToldEffect {
  const { kind, amount, index } = effect
  return Object.hasOwn(TOLD, kind) && amount > 0 && (kind !== 'expiry_warning' || index === POINTS)
}

async function tell(
  { tx, tenant, programs, now }: ProjectionScene,
  { member, fact, store, at }: ActivityRow,
  { kind, rule, amount }: ToldEffect,
): Promise<void> {
  const [alias] = await tx.aliases([member])
  const root: MemberId = alias?.root ?? member
  const [customer] = await tx.accountRows('connections', { tenant, member: root, hidden: false })
  if (customer === undefined) return
  const type = TOLD[kind]
  const word = kind === 'expiry_warning' ? String(amount) : challengeOf(programs, at, rule)
  // A late fact may complete it earlier, or later: that is no news either.
  const before = await tx.accountRows('mails', { tenant, person: customer.person, type, word })
  if (before.every(({ created }) => now - created > MAIL_NEWS_MS_MAX))
    await queueMail(tx, customer, { type, fact, location: store, word, now })
}

/** The title of a challenge, and of the requirement where it is about that one. */
function challengeOf(programs: ProjectionScene['programs'], at: HybridTime, rule: number): string {
  for (const { id, document } of programs.program(at)?.reactions?.challenges ?? []) {
    const requirement = document.requirements.find((one) => one.id === rule)
    if (requirement !== undefined) return `${document.title}: ${requirement.title}`
    if (id === rule) return document.title
  }
  return ''
}
