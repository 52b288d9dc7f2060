/**
 * Which process made which packet network: what a killed one left behind is found by the next run and
 * taken away, its namespaces with whatever eBPF programs are pinned for them.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deleteNetns, listNetns, netnsPinDirectory } from '@weir/kernel';
import { ebpfPinDirectory } from './back-ends.ts';

const directory = '/run/weirt-networks';

/** What the names of a network's namespaces begin with. */
export function netnsPrefix(network: string): string {
  return `weirt-${network}-`;
}

/** Notes that this process makes the network. */
export function claimNetwork(network: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  writeFileSync(join(directory, network), identityOf(process.pid) ?? '');
}

/** Forgets a network of which nothing is left. */
export function releaseNetwork(network: string): void {
  rmSync(join(directory, network), { force: true });
}

/** The networks that a process made and has not taken away. */
export function networksOf(pid: number): string[] {
  return claims().flatMap(({ network, owner }) => (owner.startsWith(`${pid} `) ? [network] : []));
}

/** Takes the networks of processes away that are no more; returns which. */
export function removeAbandonedNetworks(): string[] {
  const abandoned = claims().flatMap(({ network, owner }) => (identityOf(Number(owner.split(' ')[0])) === owner ? [] : [network]));
  for (const network of abandoned) {
    for (const netns of listNetns().filter((name) => name.startsWith(netnsPrefix(network)))) removeNetns(netns);
    releaseNetwork(network);
  }
  return abandoned;
}

function claims(): { readonly network: string; readonly owner: string }[] {
  const networks = statSync(directory, { throwIfNoEntry: false }) === undefined ? [] : readdirSync(directory);
  return networks.flatMap((network) => {
    try {
      return [{ network, owner: readFileSync(join(directory, network), 'utf8') }];
    } catch {
      // Its process has just taken it away.
      return [];
    }
  });
}

/** A pinned link would keep its namespace alive. */
function removeNetns(netns: string): void {
  const inode = statSync(`/run/netns/${netns}`).ino;
  rmSync(netnsPinDirectory(ebpfPinDirectory, inode), { recursive: true, force: true });
  deleteNetns(netns);
}

/** Number and start of a process: another one gets the same number, but not both. */
function identityOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Behind the name, which may hold anything, the start is the twentieth field.
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return `${pid} ${started}`;
  } catch {
    return undefined;
  }
}
