// What stores may spend while the cloud is out of reach (P-LEASE), for HQ.
import type { MemberId, StoreId } from '../../../protocol/ids.ts'
import { LeaseViewShape, pageOf } from '../../domain/view-shapes.ts'
import { leaseView } from '../../domain/views.ts'
import { LeasesQueryShape, listOf, memberOfPath, oneMore, pageOfQuery } from '../inputs.ts'
import { answered, route } from '../route.ts'

export const LEASE_ROUTES = [
  route({
    method: 'GET',
    path: '/v1/leases',
    needs: 'members:read',
    summary: 'What was leased to stores, and what of it is left; open=1: only what is',
    query: LeasesQueryShape,
    answer: { status: 200, shape: pageOf(LeaseViewShape) },
    async handle({ services, tenant, query }) {
      const page = pageOfQuery(query)
      const member = query.member === undefined ? undefined : memberOfPath(query.member)
      if (member?.ok === false) return member
      const filter = {
        open: query.open === 1,
        ...(query.store === undefined ? {} : { store: query.store as StoreId }),
        ...(member === undefined ? {} : { member: member.value satisfies MemberId }),
      }
      const rows = await services.read.leaseList(tenant, filter, oneMore(page))
      return answered(
        200,
        listOf(rows, page, ({ lease }) => lease, leaseView),
      )
    },
  }),
]
