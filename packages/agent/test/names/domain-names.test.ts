/** When an answer may go to the pod that asked. */
import { defined, parseAddress } from '@weir/net';
import type { AddressGroupName } from '@weir/policy';
import { describe, expect, it } from 'vitest';
import { DomainNames } from '../../src/names/domain-names.ts';

const asked: readonly AddressGroupName[] = ['domain/www.example.com'];

/** Names over an engine that notes what it is told, and a kernel that takes it when the test says so. */
function scene(): { readonly names: DomainNames; readonly told: string[]; readonly inForce: () => void } {
  const told: string[] = [];
  const waiting: (() => void)[] = [];
  const names = new DomainNames({
    engine: { askedGroups: () => asked, upsertAddressGroup: (group) => told.push(group), deleteAddressGroup: () => undefined },
    enforcer: { changed: () => undefined, settled: () => new Promise((resolve) => waiting.push(resolve)) },
    patienceMs: 1_000,
    nowMs: () => 0,
  });
  return { names, told, inForce: () => waiting.splice(0).forEach((resolve) => resolve()) };
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
    expect(told).toEqual(['domain/www.example.com']);
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
