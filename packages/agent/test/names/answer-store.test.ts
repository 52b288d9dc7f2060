/** What names had resolved to, over a restart. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defined, formatAddress, parseAddress } from '@weir/net';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AnswerStore, type KeptAnswers, keptNamesMax } from '../../src/names/answer-store.ts';

const address = defined(parseAddress('203.0.113.7'), 'this is an address');
const group = 'domain/www.example.com';

describe('what names resolved to', () => {
  let stateDirectory: string;
  let logged: string[];
  let now: number;
  let current: KeptAnswers;
  const store = (): AnswerStore =>
    new AnswerStore({
      stateDirectory,
      log: pino({}, { write: (line) => void logged.push(line) }),
      current: () => current,
      wallMs: () => now,
    });
  const file = (): string => join(stateDirectory, 'domain-answers.json');
  const write = (): void => {
    const first = store();
    first.changed();
    first.flush();
  };
  /** The seconds that the address has left after a restart. */
  const left = (): readonly number[] =>
    store()
      .load()
      .answers.flatMap(({ addresses }) => addresses.map(({ ttlSeconds }) => ttlSeconds));

  beforeEach(() => {
    stateDirectory = mkdtempSync(join(tmpdir(), 'weirt-answers-'));
    [logged, now] = [[], Date.parse('2026-01-01')];
    current = { groups: [group], answers: [{ name: 'www.example.com', addresses: [{ address, ttlSeconds: 60 }] }] };
  });
  afterEach(() => rmSync(stateDirectory, { recursive: true }));

  it('is there after a restart for what is left of its life, for root alone', () => {
    write();
    now += 20_000;
    const { groups, answers } = store().load();
    expect(groups).toEqual([group]);
    expect(answers.map(({ name, addresses }) => [name, ...addresses.map((one) => formatAddress(one.address))])).toEqual([
      ['www.example.com', '203.0.113.7'],
    ]);
    expect(left()).toEqual([40]);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
  });

  it('is gone when its life has passed meanwhile, and lives no longer when the clock was set back', () => {
    write();
    now += 61_000;
    expect(left()).toEqual([]);
    now -= 3_600_000;
    expect(left()).toEqual([60]);
  });

  it.each([
    ['is no JSON', '{'],
    ['is something else', '{"groups": [], "answers": []}'],
    ['has an answer that is none', JSON.stringify({ savedAtMs: 0, groups: [], answers: [{ name: '', addresses: [] }] })],
    ['is longer than any', JSON.stringify({ savedAtMs: 0, groups: [], answers: Array.from({ length: keptNamesMax + 1 }, () => ({})) })],
  ])('means nobody when the file %s, and that is logged', (_what, text) => {
    writeFileSync(file(), text);
    expect(store().load()).toEqual({ groups: [], answers: [] });
    expect(logged).toEqual([expect.stringContaining('domain-answers.json')]);
  });

  it('means nobody on a new node, and nothing is said', () => {
    expect(store().load()).toEqual({ groups: [], answers: [] });
    expect(logged).toEqual([]);
    write();
    expect(readFileSync(file(), 'utf8')).toContain('203.0.113.7');
  });
});
