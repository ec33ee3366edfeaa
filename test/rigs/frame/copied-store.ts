// A store's data directory, copied while the store stood still, and a node over the copy that runs beside it.
import { cpSync } from 'node:fs'
import type { Surroundings } from '../../../cloud/demo/node-process.ts'
import type { Shop } from '../../../cloud/demo/shops.ts'
import type { ShopsUnderLoad } from './shops-under-load.ts'

export interface CopyPlan {
  readonly directory: string
  /** It sees its files where the first sees its own: the image of a whole machine. */
  readonly inPlace: boolean
  /** Its way to the cloud. */
  readonly cloud: string
}

/** Not started yet; the store is stopped. */
export async function copyOf(
  load: ShopsUnderLoad,
  shop: Shop,
  { directory, inPlace, cloud }: CopyPlan,
): Promise<Shop & { readonly surroundings: Surroundings }> {
  await shop.node.stop()
  cpSync(shop.directory, directory, { recursive: true })
  const data = inPlace ? shop.directory : directory
  const mounted = `mount --bind "${directory}" "${shop.directory}" && exec "$@"`
  const through = inPlace ? ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', mounted, 'sh'] : []
  const node = await load.newNode('store 2', (port) => [
    'edge',
    '--data',
    data,
    '--port',
    String(port),
    '--cloud',
    cloud,
  ])
  return { ...shop, number: 2, name: 'Store 1, copied', node, directory, surroundings: { through } }
}
