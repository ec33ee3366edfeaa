// What the demo registers for an existing integration, against a real cloud.
import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { integratorOf, tokenCommand } from '../../cloud/demo/live/integrator.ts'
import { CloudUnderTest } from '../support/cloud-node.ts'
import { askToken } from '../support/oauth-world.ts'

test('O-1 O-4 the demo registers a client and an administrator once, and what it prints gives a token', async () => {
  const cloud = await CloudUnderTest.start()
  const office = { url: cloud.url, hqToken: cloud.node.token }
  try {
    const integrator = await integratorOf(office, cloud.directory)
    expect(await integratorOf(office, cloud.directory)).toEqual(integrator)
    expect(statSync(join(cloud.directory, 'perkville.json')).mode & 0o777).toBe(0o600)
    const { username, password, client_id: id, client_secret: secret } = integrator
    const form = { grant_type: 'password', username, password }
    expect((await askToken(cloud, form, { basic: { id, secret } })).status).toBe(200)
    const command = tokenCommand(cloud.url, integrator)
    // A shell understands it as it stands.
    const words = execFileSync('sh', ['-c', `printf '%s\\n' ${command.slice('curl '.length)}`], {
      encoding: 'utf8',
    })
    expect(words.split('\n').slice(0, 3)).toEqual([
      '-u',
      `${id}:${secret}`,
      `${cloud.url}/perkville/api/token/`,
    ])
  } finally {
    await cloud.stop()
  }
})
