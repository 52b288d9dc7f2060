/**
 * How fast the back end loads and changes a large state; needs root.
 *
 *   unshare -n node --conditions=source --import tsx packages/dataplane/bench/nftables-load.bench.ts
 */
import type { Delta } from '@weir/calc';
import { addressFromWords } from '@weir/net';
import { createNftablesDataplane } from '../src/nftables/index.ts';

const programs = 1000;
const classesPerProgram = 100;
const none = { upserts: [], removals: [] } as const;

function largeState(): Delta {
  const sets = Array.from({ length: programs }, (_, i) => `set-${String(i).padStart(6, '0')}`);
  const classes = Array.from({ length: programs }, (_, i) => ({
    key: `class-${i}`,
    memberships: Array.from({ length: classesPerProgram }, (_each, j) => sets[(i + j) % programs] ?? '')
      .sort()
      .map((set) => ({ set })),
  }));
  return {
    peerSets: { upserts: sets.map((key) => ({ kind: 'address', key })), removals: [] },
    classes: { upserts: classes, removals: [] },
    addresses: { upserts: classes.map(({ key }, i) => ({ address: addressFromWords(4, [0x0a000000 + i]), class: key })), removals: [] },
    programs: {
      upserts: sets.map((set, i) => ({
        key: `program-${i}`,
        direction: 'ingress',
        tiers: [
          {
            name: 'default',
            end: 'deny',
            rules: [
              {
                id: `rule-${i}`,
                action: 'allow',
                peer: [{ set, negated: false }],
                protocol: 6,
                ports: [{ first: 80, last: 80 }],
                origin: { policy: { apiVersion: 'v1', kind: 'NetworkPolicy', name: 'n' }, direction: 'ingress', ruleIndex: 0 },
              },
            ],
          },
        ],
        otherwise: 'allow',
      })),
      removals: [],
    },
    endpoints: {
      upserts: sets.map((_, i) => ({
        uid: `u${i}`,
        namespace: 'n',
        name: `p${i}`,
        addresses: [addressFromWords(4, [0x0a000000 + i])],
        interface: `w${i}`,
        ingress: `program-${i}`,
      })),
      removals: [],
    },
  };
}

const dataplane = createNftablesDataplane({ podInterfaces: ['w'] });
const load = await dataplane.apply(largeState());
console.log(`load: ${load.elementsAdded} elements, ${load.transactions} transaction, ${load.milliseconds.toFixed(0)} ms`);
const times: number[] = [];
for (let i = 0; i < 500; i++) {
  const address = addressFromWords(4, [0x0b000000]);
  const addresses = i % 2 === 0 ? { upserts: [{ address, class: 'class-5' }], removals: [] } : { upserts: [], removals: [address] };
  const report = await dataplane.apply({ peerSets: none, classes: none, addresses, programs: none, endpoints: none });
  times.push(report.milliseconds);
}
times.sort((a, b) => a - b);
console.log(`one address of a known class: median ${(times[250] ?? 0).toFixed(3)} ms, p99 ${(times[495] ?? 0).toFixed(3)} ms`);
const before = performance.now();
const drift = await dataplane.resync();
console.log(`resync: ${(performance.now() - before).toFixed(0)} ms, ${drift.drifted.length} differences`);
await dataplane.remove();
await dataplane.close();
