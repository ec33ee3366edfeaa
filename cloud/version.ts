// Name and version of this software, as the fleet list and the API description show them.
import { readFileSync } from 'node:fs'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string
}

export const SOFTWARE_VERSION = version
export const CLOUD_SOFTWARE = `tillstream-cloud/${version}`
