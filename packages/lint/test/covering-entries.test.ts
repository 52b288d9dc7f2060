/** What covers what in a list, against a comparison of each member with each other one. */
import type { Side } from '@weir/model';
import { type AddressRange, rangesOfBlocks, subtractAddressRanges } from '@weir/net';
import { Random } from '@weir/testkit';
import { describe, expect, it } from 'vitest';
import { coveringExtents, coveringPeers } from '../src/rules/policies/covering-entries.ts';
import { coversSides } from '../src/rules/policies/covers-side.ts';
import { coversExtent, type Extent, extentOf } from '../src/rules/policies/entry-extent.ts';

const seeds = Array.from({ length: 40 }, (_, i) => 8_300 + i);

function blockOf(random: Random): string {
  return random.chance(0.2)
    ? `2001:db8:${random.integer(0, 3)}::/${random.pick([32, 40, 47, 48, 64])}`
    : `10.0.${random.integer(0, 3)}.${random.pick([0, 64, 128])}/${random.integer(20, 28)}`;
}

function extentIn(random: Random, kind: 'blocks' | 'ports' | 'names'): Extent | undefined {
  if (kind === 'blocks') return extentOf('nets', random.chance(0.05) ? 'nonsense' : blockOf(random), 'TCP');
  if (kind === 'names')
    return extentOf('domainNames', random.pick(['*', '*.example.com', 'a.example.com', '*.a.example.com', 'com']), 'TCP');
  const protocol = random.pick(['TCP', 'UDP', 'ANY']);
  if (random.chance(0.2)) return extentOf('ports', { port: random.pick(['http', 'dns']), protocol }, 'TCP');
  const port = random.integer(0, 6);
  return extentOf('ports', { port, endPort: random.pick([port + random.integer(0, 4), 65_535]), protocol }, 'TCP');
}

function sideIn(random: Random): Side {
  const [block, hole] = [rangesOfBlocks([blockOf(random)]), rangesOfBlocks([blockOf(random)])];
  const nets: readonly AddressRange[] = random.chance(0.3) ? subtractAddressRanges(block, hole) : block;
  return { ...(random.chance(0.1) ? {} : { nets }), ...(random.chance(0.5) ? { outside: true } : {}) };
}

describe('what covers a member of a list', () => {
  it.each(['blocks', 'ports', 'names'] as const)('is found among %s whenever some member does', (kind) => {
    for (const seed of seeds) {
      const random = new Random(seed);
      const extents = Array.from({ length: random.integer(2, 20) }, () => extentIn(random, kind));
      const found = coveringExtents(extents);
      for (const [i, extent] of extents.entries()) {
        const covers = extents.map((other) => other && extent && coversExtent(other, extent) && !coversExtent(extent, other));
        const by = found[i];
        expect(by !== undefined, `seed ${seed}, member ${i}`).toBe(covers.includes(true));
        if (by !== undefined) expect(covers[by], `seed ${seed}, member ${i} by ${by}`).toBe(true);
      }
    }
  });

  it('is found among peers whenever some peer does', () => {
    for (const seed of seeds) {
      const random = new Random(seed);
      const peers = Array.from({ length: random.integer(2, 15) }, () => ({ sides: [sideIn(random)] }));
      const found = coveringPeers(peers);
      for (const [i, peer] of peers.entries()) {
        const covers = peers.filter((other) => coversSides(other.sides, peer.sides) && !coversSides(peer.sides, other.sides));
        const by = found[i];
        expect(by !== undefined, `seed ${seed}, peer ${i}`).toBe(covers.length > 0);
        if (by !== undefined) expect(covers).toContain(by);
      }
    }
  });
});
