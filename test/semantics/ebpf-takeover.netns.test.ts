/**
 * One process takes the eBPF rules of another over, of the same version and of another one, also where the one
 * before was killed in the middle of it, while packets are under way: none passes that the policies deny, none is
 * lost that they allow. Every packet is a new connection.
 *
 * `WEIR_KILLS` chooses how many processes are killed, `WEIR_LOAD_SECONDS` how long the others take turns.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Delta } from '@weir/calc';
import { EbpfDataplane } from '@weir/dataplane';
import { inNetns, netnsPinDirectory } from '@weir/kernel';
import { netpolPolicy as policy, Random } from '@weir/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ObjectFile, readObjectFile } from '../../packages/dataplane/src/ebpf/object-file.ts';
import { ebpfBackEnd, ebpfPinDirectory } from '../packets/back-ends.ts';
import { encodeOrder } from '../packets/ebpf-process.ts';
import type { LoadLane } from '../packets/load-prober.ts';
import { countWhile } from '../packets/load-run.ts';
import { PolicedNetwork } from '../packets/policed-network.ts';
import { podAddressOf, twoNodeWorld } from '../packets/two-node-world.ts';

const node = 'node-0';
const loadMs = Number(process.env['WEIR_LOAD_SECONDS'] ?? 1) * 1_000;
const kills = Number(process.env['WEIR_KILLS'] ?? 4);
const startedAtOnce = 4;
const turnsMin = 6;
const file = readObjectFile();
const another: ObjectFile = { image: Buffer.concat([file.image, Buffer.alloc(8)]), version: 'another' };

/** `x/a` may talk to `x/c`, `z/c` may not. All are on one node. */
const world = twoNodeWorld({
  policies: [
    policy('x', 'in', {
      podSelector: { matchLabels: { pod: 'c' } },
      policyTypes: ['Ingress'],
      ingress: [{ from: [{ podSelector: { matchLabels: { pod: 'a' } } }] }],
    }),
    policy('x', 'out', { podSelector: { matchLabels: { pod: 'a' } }, policyTypes: ['Egress'], egress: [{ to: [{ podSelector: {} }] }] }),
  ],
});

describe('taking eBPF rules over under load', () => {
  let policed: PolicedNetwork;
  let whole: Delta;
  const open = new Set<EbpfDataplane>();

  beforeAll(async () => {
    policed = new PolicedNetwork(ebpfBackEnd);
    await policed.moveTo(world);
    whole = policed.node(node).engine.emitted();
  });
  afterEach(async () => {
    for (const dataplane of open) await dataplane.close();
    open.clear();
  });
  afterAll(async () => {
    await policed.close();
  });

  const newProcess = (object: ObjectFile): EbpfDataplane => {
    const options = { podInterfaces: [policed.network.podInterfacePrefix], pinDirectory: ebpfPinDirectory };
    const made = inNetns(policed.network.nodeNetns(node), () => new EbpfDataplane(options, object) as never) as EbpfDataplane;
    open.add(made);
    return made;
  };
  const end = async (dataplane: EbpfDataplane): Promise<void> => {
    open.delete(dataplane);
    await dataplane.close();
  };
  /** Versions of which something is pinned. */
  const versions = (): string[] => {
    const inode = Number(policed.network.run(policed.network.nodeNetns(node), ['stat', '-L', '-c', '%i', '/proc/self/ns/net']));
    return readdirSync(netnsPinDirectory(ebpfPinDirectory, inode)).map((name) => name.split('-')[0] ?? '');
  };

  const lanes = (): LoadLane[] =>
    ['x/a', 'z/c'].flatMap((from) =>
      ([4, 6] as const).flatMap((family) =>
        (['UDP', 'TCP'] as const).map((protocol): LoadLane => {
          const source = podAddressOf(from, family);
          return { source, destination: podAddressOf('x/c', family), port: 80, protocol, netns: policed.network.holderOf(source) };
        }),
      ),
    );
  const underLoad = async (section: () => Promise<void>): Promise<{ leaked: number; lost: number }> => {
    const counts = await countWhile(policed.network, { packetsPerSecond: 10_000, lanes: lanes() }, section);
    expect(counts.every(({ sent }) => sent > 100)).toBe(true);
    const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
    return {
      leaked: sum(counts.slice(4).map(({ arrived }) => arrived)),
      lost: sum(counts.slice(0, 4).map(({ sent, arrived }) => sent - arrived)),
    };
  };
  const inForce = async (object: ObjectFile): Promise<void> => {
    const last = newProcess(object);
    await last.apply(whole);
    expect((await last.resync()).drifted).toEqual([]);
    expect(versions()).toEqual([object.version]);
  };

  it.each([
    ['the same version adopts maps, programs and links', [file]],
    ['another version attaches its own and takes the others away, there and back', [another, file]],
  ])('DP35: a process of %s: no packet is lost and none leaks', async (_name, objects) => {
    let last = newProcess(file);
    await last.apply(whole);
    const counted = await underLoad(async () => {
      for (let turn = 0, until = performance.now() + loadMs; performance.now() < until || turn < turnsMin; turn++) {
        await end(last);
        last = newProcess(objects[turn % objects.length] ?? file);
        await last.apply(whole);
      }
    });
    expect(counted).toEqual({ leaked: 0, lost: 0 });
    await end(last);
    await inForce(file);
  });

  it('DP77: a process that is killed while it takes over, of the same or another version, costs no packet and lets none through', async () => {
    const random = new Random(Number(process.env['WEIR_SEED'] ?? Date.now() % 1_000_000));
    const order = { podInterface: policed.network.podInterfacePrefix, state: whole };
    const last = newProcess(file);
    await last.apply(whole);
    await end(last);
    const counted = await underLoad(async () => {
      for (let killed = 0; killed < kills; killed += startedAtOnce) {
        const takers = await Promise.all(Array.from({ length: Math.min(startedAtOnce, kills - killed) }, () => startTaker()));
        try {
          for (const [i, taker] of takers.entries()) {
            taker.stdin.write(encodeOrder({ ...order, version: i % 2 === 0 ? another.version : undefined }));
            await new Promise((resolve) => setTimeout(resolve, random.integer(0, 300)));
            await kill(taker);
          }
        } finally {
          for (const taker of takers) await kill(taker);
        }
      }
    });
    expect(counted).toEqual({ leaked: 0, lost: 0 });
    await inForce(file);
  });

  /** A process that is about to take over. */
  const startTaker = async (): Promise<Taker> => {
    const script = fileURLToPath(new URL('../packets/ebpf-process.ts', import.meta.url));
    const taker = spawn(process.execPath, ['--conditions=source', '--import', 'tsx', script, policed.network.nodeNetns(node)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const { value } = await createInterface({ input: taker.stdout })[Symbol.asyncIterator]().next();
    if (value !== 'ready') throw new Error('a process that takes over did not begin');
    return taker;
  };
  const kill = async (taker: Taker): Promise<void> => {
    if (taker.exitCode !== null || taker.signalCode !== null) return;
    const ended = once(taker, 'exit');
    taker.kill('SIGKILL');
    await ended;
  };
});

type Taker = ChildProcessByStdio<Writable, Readable, null>;
