// The outbox of a world, worked off when a case says so: the node's own sender before a real SMTP server, started by the first that asks.
import { Digests } from '../../cloud/mail/digests.ts'
import { Mailer } from '../../cloud/mail/mailer.ts'
import { smtpPost } from '../../cloud/mail/smtp.ts'
import type { CloudNode } from '../../cloud/node.ts'
import type { Clock } from '../../protocol/time.ts'
import { SmtpServer } from './smtp-server.ts'

export class MailRoom {
  readonly server = new SmtpServer()
  readonly #node: CloudNode
  readonly #clock: Clock
  #mailer: Mailer | undefined
  #digests: Digests | undefined

  constructor(node: CloudNode, clock: Clock) {
    this.#node = node
    this.#clock = clock
  }

  async work(): Promise<void> {
    const parts = {
      store: this.#node.store,
      clock: this.#clock,
      after: () => () => undefined,
      onFault: (cause: unknown) => {
        throw cause
      },
    }
    this.#digests ??= new Digests(parts)
    this.#mailer ??= new Mailer({
      ...parts,
      post: smtpPost(await this.server.start()),
      from: 'Demo <demo@example.org>',
      publicUrl: 'https://node.example',
      // The node's own, so that its pages know the links.
      secret: (await this.#node.store.write((tx) => tx.meta('mail_secret'))) ?? '',
      pathOf: (letter) => this.#node.platform.proofs.pathOf(letter),
    })
    await this.#digests.look()
    while ((await this.#mailer.look()) > 0);
  }

  async stop(): Promise<void> {
    if (this.#mailer === undefined) return
    await this.#mailer.stop()
    await this.server.stop()
  }
}
