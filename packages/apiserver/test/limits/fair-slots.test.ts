import { expect, it } from 'vitest';
import { FairSlots, type Release, type SlotLimits } from '../../src/limits/fair-slots.ts';

const limits: SlotLimits = { slots: 4, slotsPerUser: 2, waitingPerUser: 3, waiting: 5, patienceMs: 60_000 };
const never = new AbortController().signal;

function taken(slots: FairSlots, user: string): Release {
  const release = slots.take(user, never);
  if (typeof release !== 'function') throw new Error(`${user} has to wait`);
  return release;
}

/** Lets what has been resolved be heard of. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
}

it('one user does not get all places', async () => {
  const slots = new FairSlots(limits);
  const first = taken(slots, 'greedy');
  taken(slots, 'greedy');
  const third = slots.take('greedy', never);
  expect(third).toBeInstanceOf(Promise);
  taken(slots, 'modest');
  first();
  expect(typeof (await third)).toBe('function');
});

it('places that become free go to those who wait, user by user', async () => {
  const slots = new FairSlots({ ...limits, slots: 1, slotsPerUser: 1 });
  const order: string[] = [];
  let release = taken(slots, 'first');
  const wait = async (user: string): Promise<void> => {
    release = (await slots.take(user, never)) ?? release;
    order.push(user);
  };
  for (const user of ['a', 'a', 'a', 'b', 'c']) void wait(user);
  for (let index = 0; index < 5; index += 1) {
    release();
    await settled();
  }
  expect(order).toEqual(['a', 'b', 'c', 'a', 'a']);
});

it('who finds too many waiting, of himself or of all, is refused', async () => {
  const slots = new FairSlots({ ...limits, slots: 0, slotsPerUser: 0 });
  for (const user of ['a', 'a', 'a', 'b', 'b']) void slots.take(user, never);
  expect(await slots.take('a', never)).toBeUndefined();
  expect(await slots.take('c', never)).toBeUndefined();
});

it('who leaves, or has waited too long, is forgotten', async () => {
  const slots = new FairSlots({ ...limits, slots: 1, slotsPerUser: 1, patienceMs: 10 });
  const release = taken(slots, 'first');
  const leaving = new AbortController();
  const left = slots.take('a', leaving.signal);
  const late = slots.take('b', never);
  leaving.abort();
  expect(await left).toBeUndefined();
  expect(await late).toBeUndefined();
  release();
  taken(slots, 'c');
});

it('a place that is given back twice is one place', () => {
  const slots = new FairSlots({ ...limits, slots: 2, slotsPerUser: 2 });
  const first = taken(slots, 'a');
  taken(slots, 'a');
  first();
  first();
  taken(slots, 'a');
  expect(slots.take('a', never)).toBeInstanceOf(Promise);
});
