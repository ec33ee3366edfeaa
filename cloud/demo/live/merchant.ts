// A merchant whose till software was made for Pegke: the key that HQ makes once, a customer to try it on, and the calls to paste into a shell. The customer is
// in no shop of the demo, so that nobody else spends what is tried; all of it is asked for with keys of its own, so that starting again changes nothing.
import { join } from 'node:path'
import { askOk, pick } from '../ask.ts'
import { PERKS } from '../program.ts'
import { keptClient } from './kept-client.ts'
import type { ApiClient, Office } from './kept-client.ts'

const FILE = 'pegke.json'
/** Ofcom keeps 020 7946 0000 to 0999 free for fiction; the crowd's numbers are others. */
const PHONE = '+442079460000'
const GIFT_POINTS = 200

export interface Customer {
  readonly phone: string
  /** Of a voucher. */
  readonly code: string
}

export function merchantOf(office: Office, directory: string): Promise<ApiClient> {
  return keptClient(join(directory, FILE), office, () => make(office))
}

async function make({ url, hqToken: token }: Office): Promise<ApiClient> {
  await askOk(`${url}/v1/dialects`, { method: 'POST', token, body: { name: 'pegke' } })
  const client = await askOk(`${url}/v1/clients`, {
    method: 'POST',
    token,
    body: {
      name: 'Demo till software',
      dialect: 'pegke',
      redirect_uris: [],
      scopes: ['merchant'],
      grants: ['client_credentials'],
    },
  })
  return {
    client_id: pick(client, 'string', 'client_id'),
    client_secret: pick(client, 'string', 'client_secret'),
  }
}

/** Joins at the store, is given points there and has turned some into a voucher. */
export async function exampleCustomer(storeUrl: string, terminalToken: string): Promise<Customer> {
  const told = (key: string, path: string, body: object): Promise<unknown> =>
    askOk(storeUrl + path, { method: 'POST', token: terminalToken, key: `example-${key}`, body })
  const member = { kind: 'phone', value: PHONE }
  await told('joins', '/v1/members', { name: 'Pat Example', identities: [member] })
  await told('gift', '/v1/grants', { member, points: GIFT_POINTS, reason: 'to try things' })
  const redeemed = await told('redeems', '/v1/redemptions', { member, perk: PERKS.welcomeDrink })
  return { phone: PHONE, code: pick(pick(redeemed, 'list', 'vouchers')[0], 'string', 'code') }
}

/** Lines for a shell, in an order that shows something. */
export function merchantCalls(
  { client_id, client_secret }: ApiClient,
  { phone, code }: Customer,
  places: { readonly hq: string; readonly store: string },
): string[] {
  const call = (place: string, q: string, fields: Readonly<Record<string, string>> = {}): string => {
    const form = Object.entries(fields).map(([name, value]) => ` -F ${name}=${value}`)
    return `curl -H "Authorization: Bearer $key"${form.join('')} '${place}/pegke/apiv1/?q=${q}'`
  }
  const { hq, store } = places
  return [
    `key='${client_id}.${client_secret}'`,
    call(hq, 'authenticate'),
    call(hq, 'check_points', { phone }),
    call(hq, 'store_history'),
    call(store, 'give_points', { phone, points: '10' }),
    call(store, 'check_history', { phone }),
    call(store, 'my_offers'),
    call(store, 'validate_redeem', { phone, code, use: '0' }),
    call(store, 'validate_redeem', { phone, code }),
  ]
}
