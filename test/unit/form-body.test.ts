// PG-3: bodies taken apart, sound ones and others.
import { expect, test } from 'vitest'
import { readForm } from '../../protocol/form-body.ts'

const MULTIPART = 'multipart/form-data; boundary=XyZ'
const part = (name: string, value: string): string =>
  `--XyZ\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
const END = '--XyZ--\r\n'
const read = (type: string, body: string | Buffer): ReturnType<typeof readForm> =>
  readForm([['q', 'x']], type, Buffer.from(body))

test.each([
  ['text of the boundary', 'aXyZb'],
  ['the boundary in a line', 'a--XyZ--b'],
  ['the boundary without its dashes on a line', 'a\r\nXyZ\r\n-XyZ'],
  ['lines', '\r\na\r\n\r\nb\r\n'],
  ['nothing', ''],
  ['other letters', 'é€𝄞'],
])('PG-3 a part with %s is read whole', async (_, value) => {
  const form = await read(MULTIPART, part('a', value) + part('b', 'after') + END)
  expect(form).toEqual({ ok: true, value: { q: 'x', a: value, b: 'after' } })
})

test.each([
  ['a quoted boundary', 'multipart/form-data; boundary="XyZ"', part('a', '1') + END],
  ['other parameters', 'Multipart/Form-Data; Charset=utf-8; Boundary=XyZ', part('a', '1') + END],
  ['text before and after the parts', MULTIPART, `before\r\n${part('a', '1')}${END}after`],
  ['urlencoded', 'application/x-www-form-urlencoded', 'a=1'],
  ['no type', '', 'a=1'],
  ['JSON', 'application/json; charset=utf-8', '{"a":1}'],
])('PG-3 a body with %s', async (_, type, body) => {
  expect(await read(type, body)).toEqual({ ok: true, value: { q: 'x', a: '1' } })
})

test.each([
  ['no boundary', 'multipart/form-data', part('a', '1') + END],
  ['another boundary', 'multipart/form-data; boundary=Q', part('a', '1') + END],
  ['no end', MULTIPART, part('a', '1')],
  ['a part that is cut off', MULTIPART, part('a', '1').slice(0, -12)],
  ['no parts', MULTIPART, 'a=1'],
  ['lines without a carriage return', MULTIPART, (part('a', '1') + END).replaceAll('\r\n', '\n')],
  ['a file', MULTIPART, part('a"; filename="f.txt', '1') + END],
  ['bytes that are not UTF-8', MULTIPART, Buffer.from(part('a', '\xff') + END, 'latin1')],
  ['bytes that are not UTF-8, urlencoded', '', Buffer.from('a=\xff', 'latin1')],
])('PG-3 a body with %s is refused', async (_, type, body) => {
  expect(await read(type, body)).toMatchObject({ ok: false, refusal: { code: 'body_malformed' } })
})
