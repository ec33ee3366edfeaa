// One of each kind that HQ configures beside its program, in a business of a running cloud.
import { EVERYTHING } from '../../cloud/collections/query.ts'
import { CONFIGURATION } from '../../cloud/collections/tables/configuration.ts'
import type { EntityKind } from '../../cloud/domain/configuration/entities.ts'
import type { CloudUnderTest } from './cloud-node.ts'
import { pick } from './cloud-node.ts'

/** The kinds, as in their paths. */
export const ENTITIES = [
  'agreements',
  'agreement-versions',
  'promotions',
  'perk-categories',
  'external-locations',
  'custom-attributes',
  'custom-attribute-values',
  'shown/levels',
  'shown/perks',
  'shown/challenges',
  'shown/challenge-requirements',
]

/** Their ids by path. */
export async function makeEntities(
  cloud: CloudUnderTest,
  { tenant = 1, token = cloud.node.token, location = 1 } = {},
): Promise<Record<string, string>> {
  const made = async (path: string, body: unknown): Promise<number> =>
    Number(pick((await cloud.post(path, body, { token })).json, 'id'))
  const agreement = await made('/v1/agreements', { internal_name: 'Terms', type: 'REQUIRED-OPT-IN' })
  const attribute = await made('/v1/custom-attributes', { slug: 'size', display_name: 'Size' })
  const elsewhere = { external_system_id: 'S', external_location_id: `of ${tenant}`, location }
  const shown = async (kind: EntityKind): Promise<number> => {
    const query = { tenants: [tenant], where: EVERYTHING, limit: 1 }
    return Number((await cloud.node.store.read.rows(CONFIGURATION[kind], query))[0]?.id)
  }
  const perk = await shown('perks')
  const ids = {
    '/v1/agreements/': agreement,
    '/v1/agreement-versions/': await made('/v1/agreement-versions', {
      agreement,
      label: '1',
      text: 'Be kind',
    }),
    '/v1/promotions/': await made('/v1/promotions', { perk, title: 'Both' }),
    '/v1/perk-categories/': await made('/v1/perk-categories', { name: 'Drinks' }),
    '/v1/external-locations/': await made('/v1/external-locations', elsewhere),
    '/v1/custom-attributes/': attribute,
    '/v1/custom-attribute-values/': await made('/v1/custom-attribute-values', {
      custom_attribute: attribute,
      display_name: 'XL',
    }),
    '/v1/shown/levels/': await shown('levels'),
    '/v1/shown/perks/': perk,
    '/v1/shown/challenges/': await shown('challenges'),
    '/v1/shown/challenge-requirements/': await shown('challenge_requirements'),
  }
  return Object.fromEntries(Object.entries(ids).map(([path, id]) => [path, String(id)]))
}
