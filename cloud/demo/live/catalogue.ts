// What the demo's two shops sell: a café with gifts. Prices in pence; the categories are those the sample program's perks know.
import type { Random } from '../random.ts'
import type { Category } from '../replay/categories.ts'

export interface Product {
  readonly sku: string
  readonly category: Category
  readonly pence: number
  /** How often it is picked, against the others. */
  readonly weight: number
}

export const PRODUCTS: readonly Product[] = [
  { sku: 'ESPRESSO', category: 'OTHER', pence: 240, weight: 9 },
  { sku: 'FLAT-WHITE', category: 'OTHER', pence: 340, weight: 12 },
  { sku: 'OAT-LATTE', category: 'OTHER', pence: 390, weight: 8 },
  { sku: 'CROISSANT', category: 'OTHER', pence: 285, weight: 8 },
  { sku: 'CARROT-CAKE', category: 'OTHER', pence: 425, weight: 5 },
  { sku: 'SANDWICH-CHEDDAR', category: 'OTHER', pence: 595, weight: 6 },
  { sku: 'BEANS-HOUSE-250G', category: 'OTHER', pence: 950, weight: 4 },
  { sku: 'TEA-EARL-GREY', category: 'TEATIME', pence: 310, weight: 6 },
  { sku: 'TEA-FOR-TWO', category: 'TEATIME', pence: 1_450, weight: 3 },
  { sku: 'TEAPOT-BLUE', category: 'TEATIME', pence: 2_450, weight: 2 },
  { sku: 'MUG-HEART', category: 'TEATIME', pence: 895, weight: 4 },
  { sku: 'CUP-SAUCER-POLKADOT', category: 'TEATIME', pence: 1_275, weight: 2 },
  { sku: '85123A', category: 'CANDLES', pence: 295, weight: 4 },
  { sku: 'CANDLE-FIG', category: 'CANDLES', pence: 1_650, weight: 2 },
  { sku: 'T-LIGHTS-24', category: 'CANDLES', pence: 550, weight: 3 },
  { sku: 'BAG-TOTE-RED', category: 'BAGS', pence: 1_195, weight: 4 },
  { sku: 'BAG-LUNCH-SPACEBOY', category: 'BAGS', pence: 695, weight: 4 },
  { sku: 'BAG-JUMBO-STRAWBERRY', category: 'BAGS', pence: 395, weight: 5 },
  { sku: 'GARLAND-ROBIN', category: 'CHRISTMAS', pence: 1_095, weight: 2 },
  { sku: 'ADVENT-CANDLE', category: 'CHRISTMAS', pence: 795, weight: 2 },
  { sku: 'DELIVERY', category: 'FEES', pence: 499, weight: 1 },
]

export interface BasketLine {
  readonly sku: string
  readonly category: Category
  readonly quantity: number
  readonly amount: number
}

const WEIGHT_TOTAL = PRODUCTS.reduce((sum, { weight }) => sum + weight, 0)
const LINES_MAX = 5

function drawProduct(random: Random): Product {
  let ticket = random.below(WEIGHT_TOTAL)
  for (const product of PRODUCTS) {
    ticket -= product.weight
    if (ticket < 0) return product
  }
  throw new Error('the weights add up to less than their total')
}

/** One to LINES_MAX different products, small baskets the most common; mostly one of each. */
export function drawBasket(random: Random): BasketLine[] {
  const size = 1 + Math.min(random.below(LINES_MAX), random.below(LINES_MAX))
  const lines = new Map<string, BasketLine>()
  while (lines.size < size) {
    const { sku, category, pence } = drawProduct(random)
    const quantity = random.happens(0.25) ? 2 + random.below(2) : 1
    lines.set(sku, { sku, category, quantity, amount: pence * quantity })
  }
  return [...lines.values()]
}
