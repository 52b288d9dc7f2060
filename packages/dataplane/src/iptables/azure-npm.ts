/**
 * What Azure NPM leaves behind when it is taken out: chains that begin with AZURE-NPM, jumps to them from
 * FORWARD, and sets that begin with azure-npm-, in either flavour of iptables. Its rules go on judging
 * packets, by sets that nobody keeps up to date.
 */
import { type IptablesFlavour, PacketFilter } from './packet-filter.ts';
import { removalScript, type SavedTable } from './rule-script.ts';

const flavours: readonly IptablesFlavour[] = ['nft', 'legacy'];
const families = [4, 6] as const;
const isNpmChain = (name: string): boolean => name.startsWith('AZURE-NPM');
const isNpmSet = (name: string): boolean => name.startsWith('azure-npm-');

/** Sets are let go of some moments after the commit that took the rules away. */
const letGoMs = 10_000;
const pauseMs = 20;

/** Removes it from the current network namespace; gives what was there, nothing the second time. */
export async function removeAzureNpm(): Promise<readonly string[]> {
  const filter = new PacketFilter();
  try {
    const removed: string[] = [];
    for (const flavour of flavours) {
      for (const family of families) removed.push(...(await removeChains(filter, flavour, family)));
    }
    return [...removed, ...(await removeSets(filter))];
  } finally {
    filter.close();
  }
}

/** Whether iptables and ipset are installed. */
export async function hasIptables(): Promise<boolean> {
  const filter = new PacketFilter();
  try {
    await filter.savedText('nft', 4);
    await filter.setNames();
    return true;
  } catch {
    return false;
  } finally {
    filter.close();
  }
}

async function removeChains(filter: PacketFilter, flavour: IptablesFlavour, family: 4 | 6): Promise<string[]> {
  const table = await filter.saved(flavour, family);
  const chains = [...table.chains.keys()].filter(isNpmChain);
  const jumps = jumpRemovals(table);
  if (chains.length + jumps.length === 0) return [];
  // One commit: no packet meets a part of them.
  await filter.restore(flavour, family, removalScript(chains, jumps));
  return chains.map((name) => `chain ${name} (${family === 4 ? 'iptables' : 'ip6tables'}-${flavour})`);
}

/** Rules of other chains that lead to NPM's, the last ones first so that the numbers of the others stay. */
function jumpRemovals({ chains }: SavedTable): string[] {
  return [...chains].flatMap(([name, rules]) => {
    if (isNpmChain(name)) return [];
    const places = rules.flatMap(({ text }, index) => (/-[jg] AZURE-NPM/.test(text) ? [index + 1] : []));
    return places.reverse().map((place) => `-D ${name} ${place}`);
  });
}

/** Lists before the sets that they hold. */
async function removeSets(filter: PacketFilter): Promise<string[]> {
  const saved = [...(await filter.savedSets())].filter(([name]) => isNpmSet(name));
  const names = saved.sort(([, a], [, b]) => Number(b.type === 'list:set') - Number(a.type === 'list:set')).map(([name]) => name);
  let left = names;
  for (const deadline = performance.now() + letGoMs; left.length > 0; ) {
    left = await filter.destroySets(left);
    if (left.length > 0 && performance.now() > deadline) {
      throw new Error(`${left.length} sets of Azure NPM are still asked by rules of others, such as ${left[0]}: remove those rules first`);
    }
    if (left.length > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  return names.map((name) => `set ${name}`);
}
