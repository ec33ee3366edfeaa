// Which category a product of the sales file belongs to. The file has none, so a stated rule over the stock code and the words of the
// description makes them: the first rule that fits wins. Categories are what the sample program's perks refer to.

export const CATEGORIES = ['FEES', 'BAGS', 'CHRISTMAS', 'CANDLES', 'TEATIME', 'OTHER'] as const
export type Category = (typeof CATEGORIES)[number]

/** Postage, carriage, fees, discounts, samples and manual entries: lines that are no goods. */
const FEE_CODES = new Set(['POST', 'DOT', 'C2', 'M', 'D', 'S', 'B', 'CRUK', 'AMAZONFEE', 'BANK CHARGES'])

const WORD_RULES: readonly (readonly [Category, RegExp])[] = [
  ['BAGS', /\bBAGS?\b/],
  ['CHRISTMAS', /\b(?:CHRISTMAS|XMAS|ADVENT|SANTA)\b/],
  ['CANDLES', /\b(?:CANDLES?|T-?LIGHTS?)\b/],
  ['TEATIME', /\b(?:CUPS?|MUGS?|TEA|TEACUPS?|TEAPOTS?|TEASPOONS?|CAKESTANDS?)\b/],
]

export function categoryOf(sku: string, description: string): Category {
  if (FEE_CODES.has(sku.toUpperCase())) return 'FEES'
  const words = description.toUpperCase()
  return WORD_RULES.find(([, rule]) => rule.test(words))?.[0] ?? 'OTHER'
}
