/** Who reaches itself without being judged. */
import { defined, parseAddress } from '@weir/net';
import { describe, expect, it } from 'vitest';
import { dispatchOf, type LocalAddress, LocalSetFactory } from '../../src/iptables/local-sets.ts';
import { NamePool } from '../../src/iptables/names.ts';

function local(text: string, link: string | undefined, uid = text): LocalAddress {
  const address = defined(parseAddress(text), 'an address');
  return { text, address, uid, interface: link, egress: 'WEIR-P1', ingress: undefined, own: [text] };
}

const dispatch = (...addresses: readonly LocalAddress[]) => dispatchOf(4, addresses, new LocalSetFactory(new NamePool([])));

describe('a pod that speaks to itself', () => {
  it('is told by its link', () => {
    const { sets } = dispatch(local('10.0.0.1', 'one'), local('10.0.0.2', 'one', '10.0.0.1'), local('10.0.0.3', 'three'));
    expect([...sets.self.members.keys()]).toEqual(['10.0.0.1,one', '10.0.0.2,one', '10.0.0.3,three']);
    expect(sets.unlinkedSelf).toBeUndefined();
  });

  it('is told by pairs of its addresses where its link is unknown, or somebody else has it too', () => {
    const { sets, chains } = dispatch(local('10.0.0.1', 'one'), local('10.0.0.2', 'one'), local('10.0.0.3', undefined));
    expect([...sets.self.members]).toEqual([]);
    expect([...defined(sets.unlinkedSelf, 'pairs are asked').members.keys()]).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.3']);
    expect(chains.find(({ name }) => name === 'WEIR-SELF')?.rules).toEqual([
      '-s 10.0.0.1 -d 10.0.0.1 -j RETURN',
      '-s 10.0.0.2 -d 10.0.0.2 -j RETURN',
      '-s 10.0.0.3 -d 10.0.0.3 -j RETURN',
      '-g WEIR-POLICY',
    ]);
  });
});
