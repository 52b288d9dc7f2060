/** Names instead of addresses: which APIs have words for them, and what else has to be there so that they mean somebody. */
import type { PolicyApi } from '@weir/model';
import { type Address, formatAddress } from '@weir/net';
import type { ObservedFlow } from '../observed-flow.ts';
import type { ObservedConnection } from './observed-connections.ts';

/** APIs whose rules may name where connections go. */
const withNames: readonly PolicyApi[] = ['Cilium', 'ClusterNetworkPolicy'];

/** Why the addresses of a connection to names are said, and not the names; undefined where the names are. */
export function whyByAddress(api: PolicyApi, asksDns: boolean): string | undefined {
  if (!withNames.includes(api)) return `${api} has no words for names, so the rule holds only as long as they resolve to these addresses`;
  return asksDns ? undefined : 'no question of these pods to DNS was seen, and without a rule for it nobody learns what names mean';
}

/**
 * The names of a connection that a rule may be about: to ask DNS itself is no matter of names, and the API server has words
 * of its own. ClusterNetworkPolicies take no name of one label.
 */
export function namesOf({ destination, names }: ObservedConnection, api: PolicyApi): readonly string[] | undefined {
  if (destination.kind !== 'outside' || destination.isApiServer) return undefined;
  const sayable = api === 'ClusterNetworkPolicy' ? names?.filter((name) => name.includes('.')) : names;
  return sayable?.length === 0 ? undefined : sayable;
}

/** What names resolved to, as far as the flows tell. */
export function resolvedNames(flows: readonly ObservedFlow[]): ReadonlyMap<string, readonly Address[]> {
  const found = new Map<string, Map<string, Address>>();
  for (const { address, domains = [] } of flows.flatMap(({ source, destination }) => [source, destination])) {
    if (address === undefined) continue;
    for (const name of domains) {
      const addresses = found.get(name) ?? new Map<string, Address>();
      found.set(name, addresses.set(formatAddress(address), address));
    }
  }
  return new Map([...found].map(([name, addresses]) => [name, [...addresses.values()]]));
}
