/**
 * What rules cost packets, by back end: a pod sends to another through a node. Needs root.
 *
 *   npm run bench:packets -- [--quick] [--dataplane NAME]… [--rounds R]
 *
 * Everything happens inside of the sender's system calls, so its processor time is that of a packet's
 * whole way (and of sending it). Two nodes are alike but for the rules, and rounds go to and fro between
 * them. Figures are the least of all rounds, which other work on the machine disturbs little, and what
 * they are more than without rules.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Delta } from '@weir/calc';
import { interruption } from '@weir/testkit';
import { type RuleText, stateDelta } from '../../packages/dataplane/test/conformance/state.ts';
import { type BackEnd, backEnds } from '../packets/back-ends.ts';
import { type Kind, SenderNetwork } from './sender-network.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    dataplane: { type: 'string', multiple: true, default: backEnds.map(({ name }) => name) },
    rounds: { type: 'string' },
  },
});
const rounds = Number(values.rounds ?? (values.quick ? 3 : 15));
const kinds: readonly Kind[] = ['new connections', 'packets of one connection'];
const interrupted = interruption();

const both = { all: { a: 'member', b: 'member' } } as const;
const rule: RuleText = { peer: ['all'], protocol: 17, ports: [80] };
/** Rules for other ports before the one that lets the packet through. */
const afterOthers = (count: number): RuleText[] => [...Array.from({ length: count }, (_, i) => ({ ...rule, ports: [1_000 + i] })), rule];
const blocks = Array.from({ length: values.quick ? 1_000 : 100_000 }, (_, i) => `20.${i >> 14}.${(i >> 6) & 255}.${(i & 63) * 4}/32`);

/** What is in force on the one node, by name; made when it is asked for. */
const states: Readonly<Record<string, () => Delta>> = {
  'nobody isolated': () => stateDelta({ pods: ['a', 'b'] }, link),
  'both ends isolated': () => stateDelta({ pods: ['a', 'b'], sets: both, ingress: { b: [rule] }, egress: { a: [rule] } }, link),
  'the receiver under 10 000 rules': () => stateDelta({ pods: ['a', 'b'], sets: both, ingress: { b: afterOthers(9_999) } }, link),
  [`the receiver under one policy with ${blocks.length} blocks`]: () =>
    stateDelta({ pods: ['a', 'b'], sets: both, ranges: { blocks }, ingress: { b: [{ peer: ['blocks'] }, rule] } }, link),
};

function link(pod: string): string {
  return `w${pod}`;
}

/** The state in force on a node for the time of the work. */
async function inForce(
  backEnd: BackEnd,
  network: SenderNetwork,
  { state, work }: { state: Delta; work: () => Promise<void> },
): Promise<void> {
  const pods = network.links().map((each) => ({ ...each, node: 'node', pod: { metadata: {} } }));
  const dataplane = backEnd.open({
    netns: network.netns('node'),
    podInterface: network.podInterface,
    pods: () => pods,
    onReplace: (error) => {
      throw error;
    },
  });
  try {
    const { quarantined } = await dataplane.apply(state);
    if (quarantined.length > 0) throw new Error(`refused: ${quarantined[0]?.reason}`);
    await work();
  } finally {
    await dataplane.remove();
    await dataplane.close();
  }
}

/** The least of all rounds with and without rules. */
async function leastTimes(kind: Kind, policed: SenderNetwork, free: SenderNetwork): Promise<{ policed: number; free: number }> {
  const least = { policed: Number.POSITIVE_INFINITY, free: Number.POSITIVE_INFINITY };
  for (let round = 0; round < rounds; round++) {
    await nextTurn();
    interrupted.throwIfAborted();
    least.policed = Math.min(least.policed, policed.time(kind));
    least.free = Math.min(least.free, free.time(kind));
  }
  return least;
}

const [policed, free] = [new SenderNetwork(), new SenderNetwork()];
try {
  policed.open();
  free.open();
  for (const backEnd of backEnds.filter(({ name }) => values.dataplane.includes(name))) {
    for (const [name, state] of Object.entries(states)) {
      const work = async (): Promise<void> => {
        for (const kind of kinds) {
          const least = await leastTimes(kind, policed, free);
          const [own, more] = [least.policed.toFixed(0), (least.policed - least.free).toFixed(0)];
          console.log(`${backEnd.name}, ${name}, ${kind}: ${own} ns a packet, ${more} more than without rules`);
        }
      };
      await inForce(backEnd, policed, { state: state(), work });
    }
  }
} finally {
  policed.close();
  free.close();
}
