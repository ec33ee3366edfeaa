// As much of the library as smtp.ts uses; it brings no types of its own.
declare module 'nodemailer' {
  export interface Transport {
    sendMail(message: {
      readonly from: string
      readonly to: string
      readonly subject: string
      readonly text: string
      readonly html: string
      readonly messageId: string
      readonly headers: Readonly<Record<string, string>>
    }): Promise<unknown>
    close(): void
  }
  export function createTransport(options: Readonly<Record<string, string | number | boolean>>): Transport
}
