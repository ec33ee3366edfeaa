// What `tillstream cloud` does before it loads the node, with a real process.
import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'

test('I-14 a cloud goes on as the same process with the same arguments, in which as much is young as it needs', () => {
  const module = JSON.stringify(new URL('../../cloud/young-generation.ts', import.meta.url).href)
  const program = `
    import { getHeapSpaceStatistics } from 'node:v8'
    import { growYoungGeneration } from ${module}
    growYoungGeneration()
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
    process.stdout.write(JSON.stringify([process.pid, process.argv.slice(1), process.env.SAID, young.space_size]))`
  const { pid, stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', program, '--', 'cloud', '--port', '1'],
    { encoding: 'utf8', env: { ...process.env, SAID: 'so' } },
  )
  expect(stderr).toBe('')
  const said = [pid, ['cloud', '--port', '1'], 'so', 64 * 1024 * 1024]
  expect(JSON.parse(stdout)).toEqual(said)
})
