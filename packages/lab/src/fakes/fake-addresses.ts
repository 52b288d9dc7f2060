/**
 * Addresses of fake nodes and pods: inside the virtual network, whose router drops what nobody has,
 * and apart from those of real nodes and pods (10.224.0.0/16, fd00:10:224:0::/64 to fa).
 *
 * ```
 *   node i   10.236.<i / 250>.<1 + i % 250>   fd00:10:224:f000::<i + 1>
 *   pods     10.232.0.0/14, a /24 per node    fd00:10:224:1000 + i ::/64
 * ```
 */

/** All fake addresses lie in these blocks. */
export const fakeBlocks: readonly string[] = ['10.232.0.0/13', 'fd00:10:224:1000::/52', 'fd00:10:224:f000::/64'];

/** What a fake node has. */
export interface FakeNodeAddresses {
  readonly addresses: readonly string[];
  readonly podBlocks: readonly string[];
}

/** The addresses of the fake node with this index, from 0. */
export function fakeNodeAddresses(index: number, dualStack: boolean): FakeNodeAddresses {
  return {
    addresses: [
      `10.236.${Math.floor(index / 250)}.${1 + (index % 250)}`,
      ...(dualStack ? [`fd00:10:224:f000::${(index + 1).toString(16)}`] : []),
    ],
    podBlocks: [`${podNetwork(index)}.0/24`, ...(dualStack ? [`${podNetwork6(index)}::/64`] : [])],
  };
}

/** The addresses of a fake node's pod with this place on its node, from 0. */
export function fakePodAddresses(node: number, place: number, dualStack: boolean): readonly string[] {
  return [`${podNetwork(node)}.${place + 1}`, ...(dualStack ? [`${podNetwork6(node)}::${(place + 1).toString(16)}`] : [])];
}

function podNetwork(node: number): string {
  return `10.${232 + Math.floor(node / 256)}.${node % 256}`;
}

function podNetwork6(node: number): string {
  return `fd00:10:224:${(0x1000 + node).toString(16)}`;
}
