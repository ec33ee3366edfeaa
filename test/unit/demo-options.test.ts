// The command line of npm start: what it means, and the sentence for what it cannot mean.
import { mkdirSync, mkdtempSync, existsSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { OPERATOR_HELP, operatorCommand } from '../../cloud/demo/live/operator.ts'
import { HELP, parseOptions } from '../../cloud/demo/options.ts'
import { MARKER, prepareDirectory } from '../../cloud/demo/replay/directory.ts'

const parse = (text: string) => parseOptions(text === '' ? [] : text.split(' '))

describe('options', () => {
  test('nothing means the demo', () => {
    expect(parse('')).toEqual({
      ok: true,
      options: { mode: 'demo', directory: 'data/demo', portBase: 8080, stores: 2 },
    })
  })

  test('a replay as the README has it', () => {
    expect(parse('--sales s.csv.gz --speed max --exit-when-done')).toEqual({
      ok: true,
      options: {
        mode: 'replay',
        directory: 'data/replay',
        portBase: 8080,
        stores: 2,
        file: 's.csv.gz',
        speed: 'max',
        exitWhenDone: true,
        offline: [],
        shuffleSeed: null,
        repeat: false,
        digest: false,
        kills: [],
        keep: false,
      },
    })
  })

  test('all of it', () => {
    const all =
      '--sales s.csv --stores 3 --ports 9000 --data d --speed 86400 --offline 3:2011-03-01:2011-04-01T08:00 ' +
      '--offline 1:2011-07-01T09:30:2011-07-02 --shuffle-sync 7 --repeat --digest --kill cloud:2011-03-15 ' +
      '--kill 2:2011-05-01T12:00 --keep'
    const parsed = parse(all)
    expect(parsed).toMatchObject({
      ok: true,
      options: {
        stores: 3,
        portBase: 9000,
        directory: 'd',
        speed: 86_400,
        shuffleSeed: 7,
        repeat: true,
        keep: true,
      },
    })
    if (parsed.ok !== true || parsed.options.mode !== 'replay') throw new Error('a replay')
    const time = (at: number): string => new Date(at).toISOString()
    expect(parsed.options.offline.map(({ store, from, to }) => [store, time(from.at), time(to.at)])).toEqual([
      [3, '2011-03-01T00:00:00.000Z', '2011-04-01T07:00:00.000Z'],
      [1, '2011-07-01T08:30:00.000Z', '2011-07-01T23:00:00.000Z'],
    ])
    expect(parsed.options.kills.map(({ target, when }) => [target, when.text])).toEqual([
      ['cloud', '2011-03-15'],
      [2, '2011-05-01T12:00'],
    ])
  })

  test.each([
    ['--speed max', '--speed belongs to a replay; name a file with --sales FILE.'],
    ['--digest', '--digest belongs to a replay; name a file with --sales FILE.'],
    ['--sales f --speed fast', '--speed must be "max" or a number of file seconds per second, not "fast".'],
    ['--sales f --speed 0', '--speed must be "max" or a number of file seconds per second, not "0".'],
    ['--stores 0', '--stores must be a whole number from 1 to 16, not "0".'],
    ['--stores two', '--stores must be a whole number from 1 to 16, not "two".'],
    ['--ports 65535', '--ports must be a whole number from 1 to 65533, not "65535".'],
    [
      '--sales f --offline 3:2011-03-01:2011-04-01',
      '--offline: there is no store 3; stores are numbered 1 to 2.',
    ],
    [
      '--sales f --offline 1:2011-03-01',
      '--offline must be STORE:FROM:TO, like 1:2011-03-01:2011-04-01, not "1:2011-03-01".',
    ],
    [
      '--sales f --offline 1:2011-04-01:2011-03-01',
      '--offline: 2011-03-01 is not after 2011-04-01; the first time is where it starts.',
    ],
    [
      '--sales f --offline 1:2011-03-01:2011-04-01 --offline 1:2011-03-15:2011-05-01',
      '--offline: two spans of store 1 overlap; write them as one.',
    ],
    ['--sales f --offline 1:2011-02-30:2011-04-01', '--offline: there is no such time as 2011-02-30.'],
    [
      '--sales f --kill edge:2011-03-01',
      '--kill must be cloud:DATE or STORE:DATE, like cloud:2011-03-01, not "edge:2011-03-01".',
    ],
    ['--sales f --kill 9:2011-03-01', '--kill: there is no store 9; stores are numbered 1 to 2.'],
    ['--sales f --shuffle-sync x', '--shuffle-sync must be a whole number from 0 to 4294967295, not "x".'],
    ['--sales= --digest', '--sales needs the name of a file.'],
  ])('%s', (args, sentence) => {
    expect(parse(args)).toEqual({ ok: false, sentence })
  })

  test('an option there is none of is named, in a sentence', () => {
    expect(parse('--sale f')).toEqual({ ok: false, sentence: "Unknown option '--sale'." })
    for (const stray of ['--sales', 'f.csv']) {
      const parsed = parse(stray)
      expect(parsed.ok === false && parsed.sentence).toContain(stray)
    }
  })

  test('the help names every option', () => {
    expect(parse('--help')).toEqual({ ok: 'help' })
    for (const option of [
      'stores',
      'ports',
      'data',
      'sales',
      'speed',
      'exit-when-done',
      'offline',
      'shuffle-sync',
      'kill',
      'repeat',
      'digest',
      'keep',
    ])
      expect(HELP).toContain(`--${option} `)
  })
})

describe('R-15 the data directory of a replay', () => {
  const inTemporary = (check: (directory: string) => void): void => {
    const directory = mkdtempSync(join(tmpdir(), 'tillstream-directory-'))
    try {
      check(directory)
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  }

  test('R-15 is made when missing or empty, wiped when a replay made it, kept with --keep', () => {
    inTemporary((parent) => {
      const directory = join(parent, 'replay')
      prepareDirectory(directory, false)
      writeFileSync(join(directory, 'old'), 'x')
      prepareDirectory(directory, true)
      expect(existsSync(join(directory, 'old'))).toBe(true)
      prepareDirectory(directory, false)
      expect(existsSync(join(directory, 'old'))).toBe(false)
      expect(existsSync(join(directory, MARKER))).toBe(true)
    })
  })

  test('R-15 is left alone when something else made it', () => {
    inTemporary((directory) => {
      mkdirSync(join(directory, 'photos'))
      for (const keep of [false, true]) expect(() => prepareDirectory(directory, keep)).toThrow(/left alone/)
      expect(existsSync(join(directory, 'photos'))).toBe(true)
    })
  })
})

describe('what the operator may type', () => {
  test.each([
    ['cut 1', { does: 'cut', store: 1 }],
    ['  HEAL 2 ', { does: 'heal', store: 2 }],
    ['status', { does: 'status' }],
    ['help', { does: 'help' }],
    ['quit', { does: 'quit' }],
    ['exit', { does: 'quit' }],
    ['', { does: 'nothing' }],
    ['cut', { does: 'unknown', sentence: 'Say cut and a store\'s number, 1 to 2: "cut 1".' }],
    ['cut 3', { does: 'unknown', sentence: 'Say cut and a store\'s number, 1 to 2: "cut 1".' }],
    ['heal 1 2', { does: 'unknown', sentence: 'Say heal and a store\'s number, 1 to 2: "heal 1".' }],
    ['dance', { does: 'unknown', sentence: `"dance" is no command. There are:\n${OPERATOR_HELP}` }],
  ])('%s', (line, command) => {
    expect(operatorCommand(line, 2)).toEqual(command)
  })
})
