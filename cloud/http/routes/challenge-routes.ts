// What HQ does with a challenge as a whole.
import { DrawRequestShape } from '../../domain/hq-requests.ts'
import { DrawViewShape } from '../../domain/view-shapes.ts'
import { ruleOfPath } from '../inputs.ts'
import { answered, route } from '../route.ts'

export const CHALLENGE_ROUTES = [
  route({
    method: 'POST',
    path: '/v1/challenges/:id/draw',
    needs: 'members:write',
    summary:
      "Draw the winners of a response challenge with a random prize, by the given seed or the program's; once: asked again it tells what was drawn",
    input: DrawRequestShape,
    answer: { status: 200, shape: DrawViewShape },
    refuses: ['challenge_not_found', 'program_missing', 'draw_not_possible'],
    async handle({ services, tenant, params, input }) {
      const challenge = ruleOfPath(params.id)
      if (!challenge.ok) return challenge
      const drawn = await services.draws.draw(tenant, challenge.value, input.seed ?? null)
      return drawn.ok ? answered(200, drawn.value) : drawn
    },
  }),
]
