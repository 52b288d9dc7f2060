/**
 * Source translation on a node whose pods have addresses that nobody outside of the cluster knows (`overlay`, `kubenet`):
 * what they send to other pods keeps its source, everything else leaves with the node's address, as ip-masq-agent has it.
 *
 * A nat chain sees the first packet of a connection only: answers, and connections that were translated on their way in,
 * are not touched. Policies stand at the forward hook, before this one: they see the pod's own address.
 */
import { runWithInput } from '../run-with-input.ts';

/** Whose packets are translated, and to what. */
export interface PodMasquerade {
  /** The node's own addresses, one of each family at most. */
  readonly nodeAddresses: readonly string[];
  /** Blocks of the node's own pods. */
  readonly podBlocks: readonly string[];
  /** Blocks of all pods of the cluster. */
  readonly podCidrs: readonly string[];
}

const table = 'weir-lab-masquerade';

/** The transaction, for `nft -f -`, that puts the table in place of whatever is there. */
function renderPodMasquerade({ nodeAddresses, podBlocks, podCidrs }: PodMasquerade): string {
  const rules = [4, 6].flatMap((family) => {
    const ip = family === 4 ? 'ip' : 'ip6';
    const [address] = ofFamily(nodeAddresses, family);
    const [own, all] = [ofFamily(podBlocks, family), ofFamily(podCidrs, family)];
    if (address === undefined || own.length === 0) return [];
    return [`    oifname "eth0" ${ip} saddr { ${own.join(', ')} } ${ip} daddr != { ${all.join(', ')} } snat ${ip} to ${address}`];
  });
  return [
    `table inet ${table}`,
    `delete table inet ${table}`,
    `table inet ${table} {`,
    '  chain postrouting {',
    '    type nat hook postrouting priority 100; policy accept;',
    ...rules,
    '  }',
    '}',
    '',
  ].join('\n');
}

/** Makes the table in the namespace of this process; rejects with what nft complains of. */
export function ensurePodMasquerade(masquerade: PodMasquerade): Promise<void> {
  return runWithInput(['nft', '-f', '-'], renderPodMasquerade(masquerade));
}

function ofFamily(texts: readonly string[], family: number): readonly string[] {
  return texts.filter((text) => text.includes(':') === (family === 6));
}
