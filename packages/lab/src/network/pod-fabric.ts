/**
 * What the router knows of pods with blocks of their own: addresses of theirs that no pod has are dropped, and only nodes
 * reach the others. Packets of external hosts to them are dropped, as the fabric of a cloud drops what it has no route for.
 */
import { assert, parseCidr } from '@weir/net';
import { runWithInput } from '../run-with-input.ts';
import { NetworkError, routerInterfacePrefix } from './netns-names.ts';
import { changeNetwork, inTurn } from './network-changes.ts';

const table = 'weir-lab-fabric';

/** Makes it so in the router's namespace, whatever blocks it has known. Throws a NetworkError. */
export async function ensurePodBlocks(netns: string, podCidrs: readonly string[]): Promise<void> {
  const input = ['nsenter', `--net=/run/netns/${netns}`, 'nft', '-f', '-'] as const;
  await runWithInput(input, fabricTable(podCidrs)).catch((error: unknown) => {
    throw new NetworkError('kernel', `${netns}: ${error instanceof Error ? error.message : String(error)}`, error);
  });
  const routes = podCidrs.map((block) => {
    const destination = parseCidr(block);
    assert(destination !== undefined, 'the blocks of a network are blocks');
    return { kind: 'setRoute', destination, to: 'blackhole' } as const;
  });
  await inTurn(() => changeNetwork(netns, routes));
}

function fabricTable(podCidrs: readonly string[]): string {
  const rules = podCidrs.map((block) => {
    const ip = block.includes(':') ? 'ip6' : 'ip';
    return `    iifname "${routerInterfacePrefix('h')}*" ${ip} daddr ${block} drop`;
  });
  return [
    `table inet ${table}`,
    `delete table inet ${table}`,
    `table inet ${table} {`,
    '  chain forward {',
    '    type filter hook forward priority 0; policy accept;',
    ...rules,
    '  }',
    '}',
    '',
  ].join('\n');
}
