// One process of several that live worlds (hands.ts): it is told a seed, lives its world and tells what it counted.
import { livedFrom } from './lived.ts'

const perTerminal = Number(process.argv[2])

process.on('message', (seed) => {
  void livedFrom(Number(seed), perTerminal).then((lived) => process.send?.(lived))
})
