/** What engines have in the kernel for one network namespace. */
import { readdirSync, statSync } from 'node:fs';
import { bpfPinDirectory, netnsPath, netnsPinDirectory } from '@weir/kernel';
import { runProgram } from '@weir/testkit';

/** The data planes of which anything is in the namespace. */
export async function enginesIn(netns: string): Promise<readonly string[]> {
  const inside = async (command: string): Promise<string> =>
    (await runProgram('nsenter', [`--net=${netnsPath(netns)}`, 'sh', '-c', command])).stdout;
  const [tables, chains, sets] = await Promise.all([
    inside('nft list tables'),
    inside('iptables-save; ip6tables-save; iptables-legacy-save; ip6tables-legacy-save'),
    inside('ipset list -n'),
  ]);
  const pins = pinsOf(netns);
  return [
    ...(/^table inet weir$/m.test(tables) ? ['nftables'] : []),
    ...(/^:(WEIR|AZURE-NPM)/m.test(chains) || sets.trim() !== '' ? ['iptables'] : []),
    ...(pins > 0 ? ['ebpf'] : []),
  ];
}

function pinsOf(netns: string): number {
  const directory = netnsPinDirectory(bpfPinDirectory(), statSync(netnsPath(netns)).ino);
  try {
    return readdirSync(directory).length;
  } catch {
    return 0;
  }
}
