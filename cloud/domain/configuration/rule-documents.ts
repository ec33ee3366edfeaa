// What a program says of its rules, as documents (CFG-2): columns and the members of the body that the program knows. What it does not know (pictures, fine
// print) is in the document alone and is never touched from here. Numbers of other rules become ids of their documents.
import type { ProgramDocument } from '../../evaluation/document/program.ts'
import type { BonusDocument, EarnPerkDocument } from '../../evaluation/document/earning.ts'
import type { ChallengeDocument } from '../../evaluation/document/challenges.ts'
import type { AttributeDocument } from '../../evaluation/document/parts.ts'
import type { RedeemPerkDocument } from '../../evaluation/document/spending.ts'
import type { Json, Row } from '../../collections/collection.ts'

export interface Told {
  readonly columns: Row
  readonly body: { readonly [name: string]: Json }
}

/** Ids of documents by what the program calls the thing. */
export interface Names {
  readonly level: (rule: number) => number | null
  readonly perk: (rule: number) => number | null
  readonly attribute: (attribute: AttributeDocument) => number | null
}

type Attributed = { readonly attributes?: readonly AttributeDocument[] }

function attributesOf({ attributes }: Attributed, names: Names): Json {
  return (attributes ?? []).map((attribute) => names.attribute(attribute)).filter((id) => id !== null)
}

type Rule = EarnPerkDocument | BonusDocument | RedeemPerkDocument

/** What every perk has. */
function common(rule: Rule, classification: 'EARN' | 'REDEEM', type: string, names: Names): Told {
  return {
    columns: {
      rule: rule.id,
      classification,
      type,
      status: rule.status ?? 'ACTIVE',
      title: rule.title,
    },
    body: {
      eligible_at_all_locations: rule.stores === undefined,
      eligible_locations: [...(rule.stores ?? [])],
      required_level: rule.required_tier === undefined ? null : names.level(rule.required_tier),
      start_date: rule.start ?? null,
      end_date: rule.end ?? null,
      valid_customer_attributes: attributesOf(rule, names),
    },
  }
}

export function toldOfEarnPerk(perk: EarnPerkDocument, names: Names): Told {
  const { columns, body } = common(perk, 'EARN', perk.type, names)
  return {
    columns,
    body: {
      ...body,
      points: perk.type === 'PROGRESS_ACTIVITY' ? 0 : perk.award.points,
      completes_referral: perk.completes_referral ?? false,
    },
  }
}

export function toldOfBonus(bonus: BonusDocument, names: Names): Told {
  const { columns, body } = common(bonus, 'EARN', bonus.type, names)
  const { award } = bonus
  const shared = {
    ...body,
    points: award.kind === 'fixed' ? award.points : 0,
    multiplier_percent: award.kind === 'multiplier' ? award.percent : null,
    qualifying_perks: (bonus.perks ?? []).map((rule) => names.perk(rule)).filter((id) => id !== null),
  }
  switch (bonus.type) {
    case 'TIME':
      return {
        columns,
        body: { ...shared, schedule: bonus.schedule.map((slot) => ({ ...slot, days: [...slot.days] })) },
      }
    case 'DATE_RANGE':
      return { columns, body: shared }
    case 'FREQUENCY':
      return {
        columns,
        body: {
          ...shared,
          required_to_earn: bonus.required_to_earn,
          frequency: bonus.frequency,
          from_date: bonus.from_date ?? null,
        },
      }
  }
}

const VOUCHER_STATUS: Readonly<Record<string, string>> = { used: 'USED', issued: 'ISSUED' }

export function toldOfRedeemPerk(perk: RedeemPerkDocument, names: Names): Told {
  const { limit, voucher } = perk
  const external = voucher?.external_url
  const { columns, body } = common(
    perk,
    'REDEEM',
    external === undefined ? 'STANDARD' : 'EXTERNAL_REWARD',
    names,
  )
  return {
    columns,
    body: {
      ...body,
      points: perk.points,
      completes_referral: false,
      must_redeem_at_home_location: perk.home_store_only ?? false,
      redemption_limit_interval: limit?.interval ?? 'NO_REDEMPTION_LIMIT',
      redemption_limit_count: limit?.count ?? null,
      redemption_limit_interval_count: limit?.interval_count ?? null,
      external_coupon_code: voucher?.external_code ?? null,
      external_reward_url: external ?? null,
      initial_voucher_status: VOUCHER_STATUS[voucher?.initial_status ?? ''] ?? 'UNUSED',
    },
  }
}

export function toldOfChallenge(challenge: ChallengeDocument, names: Names): Told {
  return {
    columns: { rule: challenge.id, name: challenge.title, status: challenge.status ?? 'ACTIVE' },
    body: {
      locations: [...(challenge.stores ?? [])],
      home_locations: [...(challenge.home_stores ?? [])],
      start_date: challenge.start ?? null,
      end_date: challenge.end ?? null,
      use_membership_start_date: challenge.from_membership !== undefined,
      require_active_membership: challenge.require_active_membership ?? false,
      valid_customer_attributes: attributesOf(challenge, names),
    },
  }
}

/** Every attribute that a rule of the program asks for. */
export function attributesIn(document: ProgramDocument): AttributeDocument[] {
  const rules: readonly Attributed[] = [
    ...document.earn_perks,
    ...document.bonuses,
    ...document.redeem_perks,
    ...(document.challenges ?? []),
  ]
  const seen = new Map<string, AttributeDocument>()
  for (const { attributes } of rules)
    for (const attribute of attributes ?? []) seen.set(`${attribute.name}\n${attribute.value}`, attribute)
  return [...seen.values()]
}
