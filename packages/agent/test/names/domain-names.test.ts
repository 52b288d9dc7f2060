/** When an answer may go to the pod that asked. */

import type { AddressGroupName } from '@weir/model';
import { defined, formatAddress, parseAddress } from '@weir/net';
import { describe, expect, it } from 'vitest';
import type { Enforcer } from '../../src/enforcement/enforcer.ts';
import type { KeptAnswers } from '../../src/names/answer-store.ts';
import { DomainNames } from '../../src/names/domain-names.ts';

const asked: readonly AddressGroupName[] = ['domain/www.example.com'];

interface Scene {
  readonly names: DomainNames;
  readonly told: string[];
  readonly kept: () => number;
  readonly inForce: () => void;
}

/** Names over an engine that notes what it is told, and a kernel that takes it when the test says so. */
function scene(earlier: KeptAnswers = { groups: [], answers: [] }, isInForce = true): Scene {
  const told: string[] = [];
  let kept = 0;
  const waiting: (() => void)[] = [];
  const names = new DomainNames({
    engine: {
      askedGroups: () => (isInForce ? asked : []),
      upsertAddressGroup: (group, members) => told.push([group, ...members.map(({ address }) => formatAddress(address))].join(' ')),
      deleteAddressGroup: (group) => told.push(`no ${group}`),
    },
    enforcer: {
      changed: () => undefined,
      settled: () => new Promise((resolve) => waiting.push(resolve)),
      get state() {
        return { inForce: isInForce } as Enforcer['state'];
      },
    },
    store: { load: () => earlier, changed: () => void kept++, flush: () => undefined },
    patienceMs: 1_000,
    nowMs: () => 0,
  });
  return {
    names,
    told,
    kept: () => kept,
    inForce: () => {
      isInForce = true;
      for (const resolve of waiting.splice(0)) resolve();
    },
  };
}

function answer(name: string): Parameters<DomainNames['learn']>[0] {
  return { name, addresses: [{ address: defined(parseAddress('203.0.113.7'), 'this is an address'), ttlSeconds: 60 }] };
}

/** Whether the promise is kept once everything that can run has run. */
async function isKept(promise: Promise<void>): Promise<boolean> {
  const pending = new Promise<'pending'>((resolve) => setImmediate(() => resolve('pending')));
  return (await Promise.race([promise.then(() => 'kept'), pending])) === 'kept';
}

describe('an answer about a name that rules mean', () => {
  it('waits until its addresses are in force', async () => {
    const { names, told, inForce } = scene();
    const learned = names.learn(answer('www.example.com'));
    expect(told).toEqual(['domain/www.example.com 203.0.113.7']);
    expect(await isKept(learned)).toBe(false);
    inForce();
    expect(await isKept(learned)).toBe(true);
  });

  it('waits too when another pod was told the same just before and it is not in force yet', async () => {
    const { names, told, inForce } = scene();
    const first = names.learn(answer('www.example.com'));
    const second = names.learn(answer('www.example.com'));
    expect(told).toHaveLength(1);
    expect(await isKept(second)).toBe(false);
    inForce();
    expect(await isKept(Promise.all([first, second]).then(() => undefined))).toBe(true);
  });

  it('does not wait when no rule means it', async () => {
    expect(await isKept(scene().names.learn(answer('elsewhere.example.org')))).toBe(true);
  });
});

describe('a restart', () => {
  const earlier = {
    groups: ['domain/www.example.com', 'domain/gone.example.com'],
    answers: [answer('www.example.com'), answer('gone.example.com')],
  };

  it('tells the engine what names had resolved to before its first state, and drops what no rule asks for behind that', () => {
    const { names, told, inForce } = scene(earlier, false);
    names.restore();
    names.tick();
    expect(told).toEqual(['domain/www.example.com 203.0.113.7', 'domain/gone.example.com 203.0.113.7']);
    inForce();
    names.tick();
    expect(told.slice(2)).toEqual(['no domain/gone.example.com']);
  });

  it('finds what rules mean and nothing else, with what is left of its life', async () => {
    const { names, kept } = scene();
    void names.learn(answer('www.example.com'));
    await names.learn(answer('elsewhere.example.org'));
    expect(kept()).toBeGreaterThan(0);
    expect(names.kept()).toEqual({ groups: ['domain/www.example.com'], answers: [answer('www.example.com')] });
  });
});
