// A program for what HQ says about members: something of each kind that a fact of HQ can name.
import type { RuleId } from '../../protocol/ids.ts'
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'
import { PER_POUND, SMALL_PROGRAM } from './programs.ts'

export const VISIT = 104 as RuleId
export const REFERRER = 105 as RuleId
export const JOINED = 401 as RuleId
export const PHOTO = 402 as RuleId
export const LOTTERY = 403 as RuleId
export const KEEN = 501 as RuleId

/** The small program with a visitor perk, referrals that the first sale completes, challenges and a segment. */
export const HQ_PROGRAM: ProgramDocument = {
  ...SMALL_PROGRAM,
  earn_perks: [
    ...SMALL_PROGRAM.earn_perks.map((perk) =>
      perk.id === PER_POUND ? { ...perk, completes_referral: true } : perk,
    ),
    { id: VISIT, title: 'Visit', type: 'VISITOR', award: { kind: 'fixed', points: 5 } },
    { id: REFERRER, title: 'Referrer', type: 'REFERRAL', award: { kind: 'fixed', points: 30 } },
  ],
  challenges: [
    {
      id: JOINED,
      title: 'Visits',
      join: 'opt_in',
      requirements: [{ id: 411 as RuleId, title: 'Three', perk: VISIT, quantity: 3 }],
    },
  ],
  response_challenges: [
    {
      id: PHOTO,
      title: 'Photo',
      type: 'photo',
      prize: { calculation: 'first_n', count: 2, period: 'day', reward: { metric: 0, amount: 9 } },
    },
    {
      id: LOTTERY,
      title: 'Lottery',
      type: 'survey',
      per_member: 2,
      end: '2026-06-10',
      prize: { calculation: 'random', winners: 3, reward: { metric: 0, amount: 100 } },
    },
  ],
  segments: [{ id: KEEN, name: 'Keen', expiry: { kind: 'PERSISTENT' } }],
}
