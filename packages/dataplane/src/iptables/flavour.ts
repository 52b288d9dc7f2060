/**
 * Which flavour of iptables to use: the one that kube-proxy uses, since rules of two flavours judge one
 * packet twice and neither sees the other.
 */
import { type IptablesFlavour, type PacketFilter, PacketFilterError } from './packet-filter.ts';

/** Chains that the kubelet makes in the table `mangle` for others to find out, the older one second. */
const hintChains = ['KUBE-IPTABLES-HINT', 'KUBE-KUBELET-CANARY'] as const;
const flavours = ['nft', 'legacy'] as const;

/** What was found. */
export interface FlavourFinding {
  readonly flavour: IptablesFlavour;
  readonly reason: string;
}

/** Finds the flavour; rejects when both have the hint of a kubelet, which nobody can decide from here. */
export async function findFlavour(filter: PacketFilter): Promise<FlavourFinding> {
  const texts = new Map<IptablesFlavour, string>();
  for (const flavour of flavours) texts.set(flavour, `${await filter.savedText(flavour, 4)}\n${await filter.savedText(flavour, 6)}`);
  return flavourOf(texts);
}

/** Decides from what `-save` prints for both families. */
export function flavourOf(texts: ReadonlyMap<IptablesFlavour, string>): FlavourFinding {
  for (const chain of hintChains) {
    const found = flavours.filter((flavour) => new RegExp(`^:${chain} `, 'm').test(texts.get(flavour) ?? ''));
    if (found.length > 1) {
      throw new PacketFilterError(
        'undecided',
        `${chain} is in the rules of both iptables flavours (nft and legacy), so it cannot be told which one kube-proxy uses: remove the stale rules (iptables-legacy -t mangle -F; -X), or name the flavour (--iptables-flavour)`,
      );
    }
    const [flavour] = found;
    if (flavour !== undefined) return { flavour, reason: `${chain} is there` };
  }
  const [nft, legacy] = flavours.map((flavour) => ruleCount(texts.get(flavour) ?? ''));
  if ((legacy ?? 0) > (nft ?? 0)) return { flavour: 'legacy', reason: 'it has more rules' };
  return { flavour: 'nft', reason: (nft ?? 0) > 0 ? 'it has more rules' : 'neither flavour has rules' };
}

/** Rules of others: Weir's own say nothing. */
function ruleCount(text: string): number {
  return text.split('\n').filter((line) => /^(\[\d+:\d+\] )?-A /.test(line) && !line.includes('WEIR-')).length;
}
