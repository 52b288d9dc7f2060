/** Addresses that changed hands: how long they rest, and when their connections are ended. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Address, defined, formatAddress, parseAddress } from '@weir/net';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { StaleConnections } from '../src/sources/stale-connections.ts';
import { AddressRest } from '../src/start-gate/address-rest.ts';
import { AddressRestStore } from '../src/start-gate/address-rest-store.ts';

const address = (text: string): Address => defined(parseAddress(text), text);
const one = address('10.0.0.1');

describe('an address that its pod has lost', () => {
  it('rests for the next pod, not for the same one, and no longer than told', () => {
    let now = 0;
    const rest = new AddressRest(1_000, () => now);
    rest.release([{ address: one, owner: 'a' }]);
    now = 400;
    expect(rest.remainingMs(one, 'b')).toBe(600);
    expect(rest.remainingMs(one, 'a')).toBe(0);
    expect(rest.remainingMs(address('10.0.0.2'), 'b')).toBe(0);
    rest.release([{ address: one, owner: 'b' }]);
    now = 1_399;
    expect(rest.remainingMs(one, 'c')).toBe(1);
    now = 1_400;
    expect(rest.remainingMs(one, 'c')).toBe(0);
  });

  it('rests for the whole time again when the agent has started anew, whatever clocks did, and for the next pod only', () => {
    const directory = mkdtempSync(join(tmpdir(), 'weirt-rest-'));
    const lines: string[] = [];
    const log = pino({}, { write: (line: string) => void lines.push(line) });
    try {
      let now = 0;
      const before = new AddressRestStore(directory, log, new AddressRest(1_000, () => now));
      before.load();
      before.release([{ address: address('10.0.0.2'), owner: 'gone' }]);
      now = 1_500;
      before.release([{ address: one, owner: 'a' }]);
      before.flush();
      const rest = new AddressRest(1_000, () => -5_000);
      new AddressRestStore(directory, log, rest).load();
      expect(rest.remainingMs(one, 'b')).toBe(1_000);
      expect(rest.remainingMs(one, 'a')).toBe(0);
      expect(rest.remainingMs(address('10.0.0.2'), 'b')).toBe(0);
      expect(lines).toEqual([]);
      writeFileSync(join(directory, 'resting-addresses.json'), '[["10.0.0.3","c"],["?","d"],7]');
      new AddressRestStore(directory, log, rest).load();
      expect(rest.remainingMs(address('10.0.0.3'), 'b')).toBe(1_000);
      expect(lines.join('')).toContain('damaged');
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it('has its connections ended at once, those of others that follow after a pause that grows with the look, and again after a failure', async () => {
    let now = 0;
    const ended: string[] = [];
    const stale = new StaleConnections(() => now);
    const end = (addresses: readonly Address[]): Promise<void> => Promise.resolve(void ended.push(...addresses.map(formatAddress)));
    expect(stale.dueInMs).toBeUndefined();
    stale.add([{ address: one, owner: 'a' }]);
    expect(stale.dueInMs).toBe(0);
    await expect(stale.settle(() => Promise.reject(new Error('no answer')))).rejects.toThrow('no answer');
    expect(stale.dueInMs).toBe(0);
    await stale.settle(end);
    now = 300;
    stale.add([{ address: address('10.0.0.2'), owner: 'b' }]);
    expect(stale.dueInMs).toBe(700);
    now = 1_000;
    await stale.settle(end);
    expect(ended).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(stale.dueInMs).toBeUndefined();
    for (const [tookMs, pauseMs] of [
      [100, 1_900],
      [1_000, 5_000],
    ] as const) {
      stale.add([{ address: one, owner: 'a' }]);
      now += 10_000;
      await stale.settle(() => Promise.resolve(void (now += tookMs)));
      stale.add([{ address: one, owner: 'a' }]);
      expect(stale.dueInMs).toBe(pauseMs);
    }
  });
});
