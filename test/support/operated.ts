// Operations as a platform asks for them, so that a business that is listed has a row in every table.
import { eq } from '../../cloud/collections/query.ts'
import { CONFIGURATION } from '../../cloud/collections/tables/configuration.ts'
import type { EarnPerkDocument } from '../../cloud/evaluation/document/earning.ts'
import type { RuleId } from '../../protocol/ids.ts'
import { Customers } from '../../cloud/domain/accounts/operations/customers.ts'
import { Referring } from '../../cloud/domain/accounts/operations/referring.ts'
import type { TransactionRequest } from '../../cloud/domain/accounts/operations/transaction-request.ts'
import { Transactions } from '../../cloud/domain/accounts/operations/transactions.ts'
import type { CloudCore } from './cloud-core.ts'
import { HQ_PROGRAM, JOINED, VISIT } from './hq-program.ts'
import type { OriginWriter } from './origin-writer.ts'
import { COFFEE } from './programs.ts'

/** For customers with a value of an attribute. */
const KEEN: EarnPerkDocument = {
  id: 199 as RuleId,
  title: 'For the keen',
  type: 'STANDARD',
  award: { kind: 'per_item', points: 1 },
  attributes: [{ name: 'mood', value: 'Keen' }],
}
export const OPERATED_PROGRAM = { ...HQ_PROGRAM, earn_perks: [...HQ_PROGRAM.earn_perks, KEEN] }

const WHOLE = { quantity: 1, sourceId: '', at: null, mayEarn: true, mayRedeem: true, onlyFor: null }

/** A customer with something in every table of what platforms list: earned, redeemed, voided, joined, referred, and told of. */
export async function operate(cloud: CloudCore, store: OriginWriter): Promise<void> {
  const transactions = new Transactions(cloud)
  const post = async (
    changes: Partial<TransactionRequest>,
  ): Promise<{ id: number; connection: number; person: number }> => {
    const who = { email: 'ann@example.org' }
    const posted = await transactions.post(cloud.tenant, {
      ...WHOLE,
      who,
      location: store.store,
      perk: VISIT,
      oncePerDay: false,
      voucherStatus: null,
      sendEmail: false,
      ...changes,
    })
    if (!posted.ok) throw new Error(posted.refusal.detail)
    return posted.value[0]
  }
  const customers = new Customers(cloud)
  const { connection, person } = await post({ quantity: 40, sourceId: 'till-1' })
  await customers.takePart(cloud.tenant, connection, JOINED, 'join')
  await post({ quantity: 3 })
  await post({ perk: COFFEE })
  const { id } = await post({})
  await customers.voidTransaction(cloud.tenant, id, 'a mistake')
  const query = { tenants: [cloud.tenant], where: eq('display_name', 'Keen'), limit: 1 }
  const [keen] = await cloud.store.read.rows(CONFIGURATION.custom_attribute_values, query)
  const added = await customers.addAttribute(cloud.tenant, connection, Number(keen?.id))
  if (!added.ok) throw new Error(added.refusal.detail)
  await new Referring(cloud.store, cloud.ingest, cloud.shelf, cloud.clock).refer(cloud.tenant, {
    from: person as never,
    toEmail: 'bob@example.org',
    toFirstName: 'Bob',
    toLastName: '',
    content: 'Come!',
    location: null,
    source: 'API_SUBMITTED',
    sendEmail: false,
    byStaff: false,
  })
}
