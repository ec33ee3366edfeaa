// What a manager is told of each state of the sync machine. Attempts that fail one after the other are one word, so that a month offline is one activity.
import type { StateName } from './states.ts'

export type LinkWord = 'connecting' | 'online' | 'offline' | 'held' | 'fenced'

export const LINK_WORDS: Readonly<Record<StateName, LinkWord | null>> = {
  idle: null,
  connecting: null,
  greeting: null,
  introduced: null,
  streaming: 'online',
  waiting: 'offline',
  held: 'held',
  fenced: 'fenced',
  stopped: null,
}
