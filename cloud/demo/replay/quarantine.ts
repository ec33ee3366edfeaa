// Rows of the sales file that do not become a line of a call as they stand, each with the rule that says so. Nothing is dropped
// silently: every such row is counted under its reason and written to quarantine.jsonl with its fields.

/** Why a row is not sent. When several apply, the first in this order counts. */
export const REASONS = {
  row_unparsable: 'the row is no CSV, or a field of it cannot be read',
  invoice_unknown: 'the invoice number is of no known kind',
  adjustment: 'an accounting adjustment (A…): no goods changed hands',
  quantity_not_positive: 'a sale line without a positive quantity: stock written off, not a sale',
  quantity_not_negative: 'a line of a C invoice that gives nothing back',
  price_not_positive: 'a line without a positive price',
  amount_over_limit: 'quantity times price is over the limit of one amount',
  customer_differs: 'the row names another customer than the first row of its invoice',
  lines_over_limit: 'the invoice has more lines than one sale may have',
} as const satisfies Record<string, string>

export type Reason = keyof typeof REASONS

/** Why a row that was sent is reported all the same: its C line found no, or too little, earlier purchase to give back. */
export type ReportReason = 'unmatched_return_line' | 'partly_matched_return_line'

export interface SetAside {
  /** Number of the row in the file, from 1, without the header. */
  readonly row: number
  readonly reason: Reason | ReportReason
  readonly detail: string
  /** Reported rows are sent, without a sale to give back; the others are not. */
  readonly sent: boolean
  readonly fields: readonly string[]
}

export function quarantineLines(records: readonly SetAside[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join('')
}

export function countReasons(records: readonly SetAside[], sent: boolean): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { reason, sent: wasSent } of records)
    if (wasSent === sent) counts[reason] = (counts[reason] ?? 0) + 1
  return counts
}
