/**
 * The cluster's DNS tells the agents what names resolve to, before whoever asked is told: the agents of all nodes, since
 * a pod asks the DNS of any node.
 */
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ResolvedName } from '../dns/resolved-name.ts';
import { announceName } from './start-gate.ts';

/** An answer waits so long for the agents; behind that, packets to new addresses are dropped until the rules know them. */
const patienceMs = 2_000;

/** Resolves when every agent of the cluster knows, or when that takes too long. Never rejects. */
export async function announceToAgents(ownGate: string, resolved: ResolvedName): Promise<void> {
  const directory = dirname(ownGate);
  const files = await readdir(directory).catch(() => []);
  const sockets = files.filter((file) => file.endsWith('-dns.sock')).map((file) => join(directory, file));
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, patienceMs);
  });
  await Promise.race([Promise.all(sockets.map((socket) => announceName(socket, resolved))), late]);
  clearTimeout(timer);
}
