/**
 * What keeps pods with blocks of their own apart from the rest of the virtual network: only nodes reach such addresses.
 * Packets of external hosts to them are dropped, as the fabric of a cloud drops what it has no route for.
 */
import { runWithInput } from '../run-with-input.ts';
import { routerInterfacePrefix } from './netns-names.ts';

/** Makes the table in the router's namespace; rejects with what nft complains of. */
export function guardPodBlocks(netns: string, podCidrs: readonly string[]): Promise<void> {
  const rules = podCidrs.map((block) => {
    const ip = block.includes(':') ? 'ip6' : 'ip';
    return `    iifname "${routerInterfacePrefix('h')}*" ${ip} daddr ${block} drop`;
  });
  const text = [
    'table inet weir-lab-fabric {',
    '  chain forward {',
    '    type filter hook forward priority 0; policy accept;',
    ...rules,
    '  }',
    '}',
    '',
  ];
  return runWithInput(['nsenter', `--net=/run/netns/${netns}`, 'nft', '-f', '-'], text.join('\n'));
}
