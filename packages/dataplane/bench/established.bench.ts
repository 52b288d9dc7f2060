/**
 * What a look at established connections costs (`--established=cut`), by the size of the connection
 * tracking table; needs root.
 *
 *   unshare -n node --conditions=source --import tsx packages/dataplane/bench/established.bench.ts
 */
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { addressFromWords } from '@weir/net';
import { createNftablesDataplane } from '../src/nftables/index.ts';

const sizes = [1_000, 10_000, 50_000] as const;
const portsPerSocket = 1_000;
const repeats = 9;
const none = { upserts: [], removals: [] } as const;

function median(values: readonly number[]): string {
  return `${[...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]?.toFixed(1)} ms`;
}

/** UDP connections over loopback: to 250 addresses, each datagram another entry. */
async function openConnections(count: number): Promise<void> {
  for (let opened = 0; opened < count; opened += portsPerSocket) {
    const socket = createSocket('udp4');
    for (let port = 1; port <= portsPerSocket; port++) {
      await new Promise((resolve) => socket.send('x', port, `127.0.1.${1 + (port % 250)}`, resolve));
    }
    socket.close();
  }
}

execFileSync('ip', ['link', 'set', 'lo', 'up']);
const dataplane = createNftablesDataplane({ podInterfaces: ['weir'], established: 'cut' });
await dataplane.apply({ peerSets: none, classes: none, addresses: none, programs: none, endpoints: none, hosts: none });
const one = [addressFromWords(4, [0x7f000101])];
let present = 0;
for (const size of sizes) {
  await openConnections(size - present);
  present = size;
  const keep = { addresses: one, isDenied: () => false };
  const times: number[] = [];
  let looked = 0;
  for (let i = 0; i < repeats; i++) {
    const startedAtMs = performance.now();
    ({ looked } = await dataplane.endDenied(keep));
    times.push(performance.now() - startedAtMs);
  }
  console.log(`${size} entries, one address: ${looked} judged, median ${median(times)}`);
}
const startedAtMs = performance.now();
const all = Array.from({ length: 250 }, (_, i) => addressFromWords(4, [0x7f000101 + i]));
const { looked, ended, heldBack } = await dataplane.endDenied({ addresses: all, isDenied: () => true });
console.log(`all of them: ${looked} judged, ${ended} ended, ${heldBack} held back, ${(performance.now() - startedAtMs).toFixed(0)} ms`);
await dataplane.remove();
await dataplane.close();
