// The people of the demo: who has joined, what each remembers of earlier visits. They belong to no store; any of them may walk into any.
import { fieldOf } from '../ask.ts'
import type { Random } from '../random.ts'

const FIRST_NAMES = [
  'Amara',
  'Ben',
  'Chloe',
  'Dev',
  'Elif',
  'Finn',
  'Grace',
  'Hugo',
  'Isla',
  'Jamal',
  'Kira',
  'Leo',
]
const LAST_NAMES = [
  'Adeyemi',
  'Brown',
  'Clarke',
  'Desai',
  'Evans',
  'Farouk',
  'Green',
  'Hughes',
  'Ito',
  'Jones',
  'Kaya',
]
/** People who may join in one run: the crowd grows to a small town's and then mostly comes back. */
const PHONES = '+447700900'
export const PEOPLE_MAX = 300
const SALES_REMEMBERED_MAX = 5

export interface RememberedSale {
  readonly id: string
  readonly store: number
  readonly lines: readonly { readonly sku: string; readonly quantity: number; readonly amount: number }[]
}

export interface Person {
  readonly id: string
  readonly phone: string
  readonly vouchers: string[]
  /** In a shop now: nobody is in two at once. */
  inShop: boolean
  readonly sales: RememberedSale[]
}

export class Crowd {
  readonly #people: Person[] = []
  readonly #phones = new Set<string>()

  get size(): number {
    return this.#people.length
  }

  /** Name and a phone number nobody in the crowd has: Ofcom keeps 07700 900000 to 900999 free for fiction. */
  stranger(random: Random): { name: string; phone: string; email: string } | undefined {
    if (this.#people.length >= PEOPLE_MAX) return undefined
    const first = FIRST_NAMES[random.below(FIRST_NAMES.length)] ?? ''
    const last = LAST_NAMES[random.below(LAST_NAMES.length)] ?? ''
    let number = random.below(1000)
    while (this.#phones.has(phoneOf(number))) number = (number + 1) % 1000
    const phone = phoneOf(number)
    this.#phones.add(phone)
    return { name: `${first} ${last}`, phone, email: `${first}.${last}.${number}@example.org`.toLowerCase() }
  }

  join(id: string, phone: string): Person {
    const person: Person = { id, phone, vouchers: [], inShop: false, sales: [] }
    this.#phones.add(phone)
    this.#people.push(person)
    return person
  }

  /** Somebody who is in no shop now, if the first one thought of is. */
  anyone(random: Random): Person | undefined {
    const person = this.#people[random.below(this.#people.length)]
    return person?.inShop === false ? person : undefined
  }

  /** Members of earlier runs come back, by the crowd's numbers: `members` is the cloud's list. */
  welcomeBack(members: readonly unknown[]): void {
    for (const member of members.slice(0, PEOPLE_MAX)) {
      const id = fieldOf(member, 'id')
      const identities = fieldOf(member, 'identities')
      const phone = Array.isArray(identities)
        ? fieldOf(
            identities.find((one) => fieldOf(one, 'kind') === 'phone'),
            'value',
          )
        : undefined
      if (typeof id !== 'string' || typeof phone !== 'string' || !phone.startsWith(PHONES)) continue
      const vouchers = fieldOf(member, 'vouchers')
      const person = this.join(id, phone)
      for (const voucher of Array.isArray(vouchers) ? vouchers : []) {
        const code = fieldOf(voucher, 'code')
        if (fieldOf(voucher, 'status') === 'UNUSED' && typeof code === 'string') person.vouchers.push(code)
      }
    }
  }
}

export function rememberSale(person: Person, sale: RememberedSale): void {
  person.sales.push(sale)
  if (person.sales.length > SALES_REMEMBERED_MAX) person.sales.shift()
}

function phoneOf(number: number): string {
  return `${PHONES}${String(number).padStart(3, '0')}`
}
