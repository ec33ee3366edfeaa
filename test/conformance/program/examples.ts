// One program as each platform's merchants have them, with everything in it that the maps name, and a story in which it shows.
import type { Case } from '../../tables/case.ts'
import { CHEETAH_EXAMPLE } from './example-cheetah.ts'
import { PEPPER_EXAMPLE } from './example-pepper.ts'
import { PERKVILLE_EXAMPLE } from './example-perkville.ts'

export const EXAMPLES: readonly Case[] = [PERKVILLE_EXAMPLE, PEPPER_EXAMPLE, CHEETAH_EXAMPLE]
