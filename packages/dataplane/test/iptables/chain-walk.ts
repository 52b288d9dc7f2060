/** What a packet meets on its way through chains of matches on addresses and ports, as iptables walks them. */
import { type Address, compareAddresses, defined, parseAddress, protocolNumber } from '@weir/net';
import type { ChainText } from '../../src/iptables/rule-script.ts';

/** The packet, as far as trees ask about it. */
export interface WalkedPacket {
  readonly address: Address;
  readonly protocol: number;
  readonly port: number;
}

/** Rules that match and lead to no chain of these, in order, and how many rules were looked at. */
export function walkChains(chains: readonly ChainText[], packet: WalkedPacket): { readonly matched: string[]; readonly looked: number } {
  const byName = new Map(chains.map((chain) => [chain.name, chain]));
  const matched: string[] = [];
  let looked = 0;
  for (let chain = chains[0]; chain !== undefined; ) {
    let next: ChainText | undefined;
    for (const rule of chain.rules) {
      looked++;
      if (!matches(rule, packet)) continue;
      next = byName.get(/-g (\S+)$/.exec(rule)?.[1] ?? '');
      if (next !== undefined) break;
      matched.push(rule);
    }
    chain = next;
  }
  return { matched, looked };
}

function matches(rule: string, { address, protocol, port }: WalkedPacket): boolean {
  const range = /--(?:src|dst)-range (\S+)-(\S+)/.exec(rule);
  const single = /-[sd] (\S+)/.exec(rule);
  const asked = /-p (\S+)/.exec(rule);
  const ports = /--dports (\S+)/.exec(rule);
  const parsed = (text: string | undefined): Address => defined(parseAddress(text ?? ''), 'an address');
  if (range !== null && compareAddresses(parsed(range[1]), address) > 0) return false;
  if (range !== null && compareAddresses(address, parsed(range[2])) > 0) return false;
  if (single !== null && compareAddresses(parsed(single[1]), address) !== 0) return false;
  if (asked !== null && Number(asked[1]) !== protocol) return false;
  if (ports === null) return true;
  if (![protocolNumber.TCP, protocolNumber.UDP, protocolNumber.SCTP].some((each) => each === protocol)) return false;
  return (ports[1] ?? '').split(',').some((each) => {
    const [first = '', last = first] = each.split(':');
    return Number(first) <= port && port <= Number(last);
  });
}
