/** How many entries of a policy map policies take: by hand, and against a count of the keys themselves. */
import { parseManifest } from '@weir/kube';
import { engineProfiles } from '@weir/model';
import { loadSnapshot } from '@weir/snapshot';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { policyMapEntries, portPrefixCount } from '../../src/rules/engines/policy-map-entries.ts';

function pod(name: string, labels: string): string {
  return `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, namespace: shop, labels: {${labels}}}\nspec: {containers: [{name: c}]}\n---\n`;
}

/** The most that pods of the manifest take. */
function entriesOf(pods: string, spec: string): number {
  const text = `${pods}apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: shop}\nspec: ${spec}\n`;
  const { world } = loadSnapshot(parseManifest(text, 'p.yaml').documents, { profile: engineProfiles.cilium });
  return Math.max(...policyMapEntries(world).map(({ entries }) => entries));
}

const three = pod('a', 'app: a') + pod('b', 'app: b') + pod('b2', 'app: b, pod-template-hash: x') + pod('c', 'app: c');

describe('entries of a policy map', () => {
  it('are one for each identity, not each pod, and one for anybody', () => {
    expect(entriesOf(three, '{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}')).toBe(3);
    expect(entriesOf(three, '{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: b}}}]}]}')).toBe(1);
    expect(entriesOf(three, '{podSelector: {}, ingress: [{}]}')).toBe(1);
    expect(entriesOf(three, '{podSelector: {}, policyTypes: [Ingress]}')).toBe(0);
  });

  it('are multiplied by ports, by the prefixes of ranges, and by the blocks that are left of a block', () => {
    const from = (ports: string): string => `{podSelector: {}, ingress: [{from: [{podSelector: {}}], ports: [${ports}]}]}`;
    expect(entriesOf(three, from('{port: 80}, {port: 443}, {port: 53, protocol: UDP}'))).toBe(9);
    expect(entriesOf(three, from('{port: 1024, endPort: 65535}'))).toBe(3 * 6);
    expect(entriesOf(three, '{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.128.0.0/9]}}]}]}')).toBe(1);
    expect(entriesOf(three, '{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]}]}')).toBe(8);
  });

  it('are counted once where several rules say the same', () => {
    expect(
      entriesOf(three, '{podSelector: {}, ingress: [{from: [{podSelector: {}}]}, {from: [{podSelector: {matchLabels: {app: b}}}]}]}'),
    ).toBe(3);
  });
});

describe('prefixes of ports', () => {
  it('cover a range with as few as there can be', () => {
    expect(portPrefixCount({ first: 0, last: 65_535 })).toBe(1);
    expect(portPrefixCount({ first: 1, last: 65_534 })).toBe(30);
    expect(portPrefixCount({ first: 80, last: 80 })).toBe(1);
    // By halves of the space of ports: none inside, one where all of it is inside, else those of both halves.
    const fewest = (first: number, last: number, from = 0, size = 65_536): number => {
      if (last < from || first > from + size - 1) return 0;
      if (first <= from && last >= from + size - 1) return 1;
      return fewest(first, last, from, size / 2) + fewest(first, last, from + size / 2, size / 2);
    };
    const port = fc.integer({ min: 0, max: 65_535 });
    fc.assert(
      fc.property(
        port,
        port,
        (a, b) => portPrefixCount({ first: Math.min(a, b), last: Math.max(a, b) }) === fewest(Math.min(a, b), Math.max(a, b)),
      ),
    );
  });
});
