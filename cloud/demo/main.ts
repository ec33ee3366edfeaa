// `npm start`: the demo, or a replay of real sales. This file imports nothing that needs installed packages or a certain Node before it has
// looked at the Node it runs on; what goes wrong by the operator's hand ends in one plain sentence, everything else in a stack.
import { existsSync } from 'node:fs'
import { HELP, parseOptions } from './options.ts'

const NODE_MAJOR = 22
const EXIT_USAGE = 2
const launchedAt = performance.now()

const [major] = process.versions.node.split('.').map(Number)
if (major !== NODE_MAJOR) {
  stop(
    `Tillstream runs on Node ${NODE_MAJOR}; this is ${process.version}. "npm start" brings its own: run "npm ci", then "npm start".`,
  )
}
if (!existsSync(new URL('../../node_modules/ws/package.json', import.meta.url)))
  stop('The packages are not installed. Run "npm ci" first.')

const parsed = parseOptions(process.argv.slice(2))
if (parsed.ok === 'help') {
  process.stdout.write(HELP)
} else if (!parsed.ok) {
  stop(`${parsed.sentence}\n"npm start -- --help" lists the options.`)
} else {
  const { options } = parsed
  try {
    const { keepCode } = await import('../code-cache.ts')
    keepCode('demo')
    if (options.mode === 'replay') {
      const { replay } = await import('./replay/replay.ts')
      process.exitCode = await replay(options, launchedAt)
    } else {
      const { demo } = await import('./live/demo.ts')
      await demo(options)
    }
  } catch (cause) {
    const { PlainFault } = await import('./plain-fault.ts')
    if (!(cause instanceof PlainFault)) throw cause
    stop(cause.message)
  }
}

function stop(sentence: string): never {
  process.stderr.write(`${sentence}\n`)
  process.exit(EXIT_USAGE)
}
