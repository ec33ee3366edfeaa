// Composition root of the other platforms' APIs: each dialect over what it needs of the domain, and where its live feed is.
import type { Clock } from '../protocol/time.ts'
import { SCHEMA } from './collections/collections.ts'
import type { Dialect } from './dialects/frame/dialect.ts'
import { DialectServer } from './dialects/frame/serve.ts'
import { servedTenants } from './dialects/frame/served-tenants.ts'
import { PEGKE } from './dialects/pegke/pegke.ts'
import { REALTIME_PATH, realtimeTenant } from './dialects/pegke/realtime.ts'
import { PERKVILLE } from './dialects/perkville/perkville.ts'
import type { Configuration } from './domain/configuration/configuration.ts'
import { offersOf } from './domain/offers.ts'
import { mountOf } from './http/dialect-mount.ts'
import type { Mount, MountParts } from './http/dialect-mount.ts'
import type { Services } from './http/services.ts'
import type { DialectFeed } from './http/upgrades.ts'
import type { CloudStore } from './store/port.ts'

export interface DialectNeeds {
  readonly services: Services
  readonly store: CloudStore
  readonly clock: Clock
  readonly configuration: Configuration
}

export interface ServedDialect {
  readonly dialect: Dialect<never>
  readonly mount: (parts: MountParts) => Mount
}

/** The other platforms' APIs, each over what it needs of the domain. */
export function dialectsOf({
  services,
  store,
  clock,
  configuration,
}: DialectNeeds): readonly ServedDialect[] {
  const { accounts, platform, shelf, hqFacts, members } = services
  const server = <S>(dialect: Dialect<S>, own: S): DialectServer<S> =>
    new DialectServer(dialect, {
      read: store.read,
      schema: SCHEMA,
      principalOf: (given) => platform.principals.of(given),
      tenants: servedTenants(store.read, dialect.name, clock),
      services: own,
    })
  const perkville = server(PERKVILLE, {
    read: store.read,
    schema: SCHEMA,
    configuration,
    shelf,
    clock,
    accounts,
    identification: platform.identification,
  })
  const pegke = server(PEGKE, {
    accounts,
    hqFacts,
    members,
    clients: platform.clients,
    async offers(tenant, place) {
      const stores = await store.read.stores(tenant)
      const wanted = place === null ? stores : stores.filter(({ id }) => id === place)
      return place !== null && wanted.length === 0
        ? undefined
        : offersOf({ read: store.read, shelf, clock }, tenant, wanted)
    },
  })
  return [asServed(perkville), asServed(pegke)]
}

function asServed<S>(server: DialectServer<S>): ServedDialect {
  return { dialect: server.dialect, mount: (parts) => mountOf(server, parts) }
}

export function dialectFeedsOf({ read }: CloudStore, clock: Clock): readonly DialectFeed[] {
  const served = servedTenants(read, PEGKE.name, clock)
  return [{ path: REALTIME_PATH, admit: (principal) => realtimeTenant(principal, served) }]
}
