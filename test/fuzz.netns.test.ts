/**
 * A short run of `npm run fuzz` on every back end, that it finds what is wrong, and that it leaves nothing behind.
 *
 * `WEIR_WORLDS` and `WEIR_SEED` choose how many worlds are tried, and which.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Dataplane } from '@weir/dataplane';
import { listNetns } from '@weir/kernel';
import { defined } from '@weir/net';
import { flowsOf, generateChanges, generateWorld, NetworkPolicyOracle, renderWorld, runSize } from '@weir/testkit';
import { describe, expect, it } from 'vitest';
import { fuzzWorlds } from './fuzz/fuzz-worlds.ts';
import { worldFamilies } from './fuzz/world-families.ts';
import { probeArrivals } from './packets/arrival-probe.ts';
import { type BackEnd, backEnds, nftablesBackEnd } from './packets/back-ends.ts';
import { netnsPrefix, networksOf, removeAbandonedNetworks } from './packets/network-owner.ts';
import { PolicedNetwork } from './packets/policed-network.ts';

const flowsMin = 2_000;
const deniedMin = 200;

describe('random worlds on real packets, every pair on every port', () => {
  const { firstSeed, count } = runSize(1);

  it.each(backEnds.map((each) => [each.name, each] as const))(
    '%s passes what the oracle allows and nothing else',
    async (_name, backEnd) => {
      const { counts, mismatches } = await fuzzWorlds({ firstSeed: firstSeed + 40, worlds: count, changes: 1, backEnds: [backEnd] });
      expect(mismatches).toEqual([]);
      expect(counts).toHaveLength(1);
      for (const { flows, denied } of counts) {
        expect(flows).toBeGreaterThanOrEqual(flowsMin);
        expect(denied).toBeGreaterThanOrEqual(deniedMin);
      }
    },
  );

  // The short run tries each mix on one back end, which are others with another seed; longer ones try all.
  const mixes = worldFamilies.filter(({ name }) => name !== 'networkpolicy');
  it.each(mixes.map((family, i) => [family.name, family, i] as const))(
    'policies of Kubernetes, of administrators and of %s pass what their oracles allow together and nothing else',
    async (_name, family, place) => {
      const tried = backEnds.filter(({ name }) => family.backEnds.includes(name));
      const chosen = count > 1 ? tried : tried.filter((_, i) => i === (firstSeed + place) % tried.length);
      const { counts, mismatches } = await fuzzWorlds({ firstSeed: firstSeed + 50, worlds: count, changes: 1, backEnds: chosen, family });
      expect(mismatches).toEqual([]);
      expect(counts.map(({ backEnd }) => backEnd)).toEqual(chosen.map(({ name }) => name));
      for (const { flows, denied } of counts) {
        expect(flows).toBeGreaterThanOrEqual(1_500);
        expect(denied).toBeGreaterThanOrEqual(deniedMin);
        expect(flows - denied).toBeGreaterThanOrEqual(deniedMin);
      }
    },
  );

  it('a back end that isolates nobody from what comes in is found, with the seed and a manifest that shows it', async () => {
    const open = (node: Parameters<BackEnd['open']>[0]): Dataplane => {
      const dataplane = nftablesBackEnd.open(node);
      const apply = dataplane.apply.bind(dataplane);
      dataplane.apply = (delta) => {
        const upserts = delta.endpoints.upserts.map((endpoint) => {
          const open = { ...endpoint };
          delete (open as { ingress?: string }).ingress;
          return open;
        });
        return apply({ ...delta, endpoints: { ...delta.endpoints, upserts } });
      };
      return dataplane;
    };
    const told: string[] = [];
    const { mismatches } = await fuzzWorlds({
      firstSeed: 40,
      worlds: 1,
      changes: 0,
      backEnds: [{ ...nftablesBackEnd, open }],
      shrinkMs: 6_000,
      onMismatch: (report) => told.push(report),
    });
    expect(mismatches).toHaveLength(1);
    expect(told).toEqual(mismatches);
    expect(mismatches[0]).toContain('nftables, seed 40, state 0');
    expect(mismatches[0]).toContain('denied, but arrived');
    const manifest = defined(mismatches[0]?.split('the smallest manifest that fails:\n')[1], 'there is a manifest');
    expect(manifest).toContain('"kind":"NetworkPolicy"');
    expect(manifest.length).toBeLessThan(renderWorld(generateWorld(40)).length);
  });

  it('seed 2002 passes on the network of another world, whose pods had the same uids and other names', async () => {
    const policed = new PolicedNetwork();
    try {
      await policed.moveTo(generateWorld(2_001));
      await policed.reset();
      for (const { world } of generateChanges(2_002, generateWorld(2_002), 2)) {
        await policed.moveTo(world);
        const oracle = new NetworkPolicyOracle(world);
        const flows = flowsOf(world)
          .filter(({ source, destination }) => source.kind === 'pod' || destination.kind === 'pod')
          .map((flow) => ({ flow, allowed: oracle.verdict(flow).allowed }));
        expect(await probeArrivals(policed.network, world, flows)).toEqual([]);
      }
    } finally {
      await policed.close();
    }
  });
});

describe('npm run fuzz as a process', () => {
  const program = fileURLToPath(new URL('fuzz/fuzz.ts', import.meta.url));
  const namespacesOf = (networks: readonly string[]): string[] =>
    listNetns().filter((name) => networks.some((network) => name.startsWith(netnsPrefix(network))));

  /** Started, and in the middle of its second world. */
  const running = async (): Promise<{ child: ChildProcessByStdio<null, Readable, Readable>; networks: readonly string[] }> => {
    const child = spawn(
      process.execPath,
      ['--conditions=source', '--import', 'tsx', program, '--worlds', '1000', '--changes', '0', '--dataplane', 'ebpf'],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    child.stdout.resume();
    const lines = createInterface({ input: child.stderr })[Symbol.asyncIterator]();
    for (let line = ''; !line.startsWith('seed 0 ebpf: agrees'); line = String((await lines.next()).value))
      expect(child.exitCode).toBeNull();
    await expect.poll(() => namespacesOf(networksOf(child.pid ?? 0)).length, { timeout: 30_000 }).toBeGreaterThan(0);
    return { child, networks: networksOf(child.pid ?? 0) };
  };

  it('tells of each world as it goes, and takes its network along when a signal ends it', async () => {
    const { child, networks } = await running();
    child.kill('SIGTERM');
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).toBe(128 + 15);
    expect(namespacesOf(networks)).toEqual([]);
  });

  it('has what a killed run left behind taken away by the next one', async () => {
    const { child, networks } = await running();
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(namespacesOf(networks).length).toBeGreaterThan(0);
    expect(removeAbandonedNetworks()).toEqual(expect.arrayContaining([...networks]));
    expect(namespacesOf(networks)).toEqual([]);
  });
});
