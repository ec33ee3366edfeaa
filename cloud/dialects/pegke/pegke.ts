// Pegke whole, at HQ: one address, one row for each call, which `q` tells apart. What it promises, and what was chosen where its document says nothing, is in
// SPEC.md; the calls themselves are those of the stores (protocol/pegke).
import {
  PEGKE_CALLS,
  PEGKE_CALL_NAMES,
  pegkeToken,
  readPegke,
  NO_SUCH_CALL,
} from '../../../protocol/pegke/calls.ts'
import type { PegkeCallName } from '../../../protocol/pegke/calls.ts'
import type { Form } from '../../../protocol/form.ts'
import type { Result } from '../../../protocol/result.ts'
import type { Json } from '../../collections/collection.ts'
import type { ScopesNeeded } from '../../platform/principal.ts'
import type { Dialect } from '../frame/dialect.ts'
import type { ReadInput } from '../frame/input.ts'
import type { Call, Endpoint, Operation, Outcome, Resource } from '../frame/resource.ts'
import { MERCHANT_SCOPE } from './auth.ts'
import { merchantOf } from './merchant.ts'
import { OPERATIONS } from './operations.ts'
import type { MerchantCall } from './operations.ts'
import { refusedAnswer } from './refusals.ts'
import type { PegkeServices } from './services.ts'

const MERCHANT: ScopesNeeded = { all: [MERCHANT_SCOPE], anyOf: [] }

function readOf(name: PegkeCallName): ReadInput {
  return (body) => {
    // The frame gives the fields of its one address, which are texts.
    const read = readPegke(name, body as Form)
    return read.ok ? { ok: true, value: read.value } : { ok: false, refusals: [read.refusal] }
  }
}

function operationOf(name: PegkeCallName): Operation<PegkeServices> {
  // The operation of this very call.
  const operation = OPERATIONS[name] as (call: MerchantCall<PegkeCallName>) => Promise<Result<Json>>
  return async (call: Call<PegkeServices>): Promise<Outcome> => {
    const tenant = merchantOf(call.principal, call.tenants)
    if (!tenant.ok) return { ok: false, refusals: [tenant.refusal] }
    // `readOf` this very call read it.
    const input = call.input as MerchantCall<PegkeCallName>['input']
    const answer = await operation({ call, tenant: tenant.value, input })
    return answer.ok ? { ok: true, json: answer.value } : { ok: false, refusals: [answer.refusal] }
  }
}

function resourceOf(name: PegkeCallName): Resource<PegkeServices> {
  return {
    name,
    collection: null,
    fields: {},
    filters: {},
    endpoints: PEGKE_CALLS[name].methods.map((method): Endpoint<PegkeServices> => ({
      method,
      on: 'list',
      scopes: MERCHANT,
      status: 200,
      input: readOf(name),
      operation: operationOf(name),
    })),
  }
}

export const PEGKE: Dialect<PegkeServices> = {
  name: 'pegke',
  base: '/apiv1',
  oneAddress: { selector: 'q', token: pegkeToken, unknown: NO_SUCH_CALL },
  tlsOnly: true,
  resources: PEGKE_CALL_NAMES.map(resourceOf),
  embedded: {},
  aliases: {},
  elsewhere: {},
  limit: null,
  refused: refusedAnswer,
  listed: (objects) => [...objects],
}
