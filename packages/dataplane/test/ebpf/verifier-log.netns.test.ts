/** What the kernel's verifier dislikes is shown, and the programs that judge already go on. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openUdp } from '@weir/kernel';
import { formatAddress } from '@weir/net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FlowEvent } from '../../src/dataplane.ts';
import type { ObjectFile } from '../../src/ebpf/object-file.ts';
import type { StateText } from '../conformance/state.ts';
import { hostAddresses } from '../conformance/world.ts';
import { type EbpfNode, openEbpfNode } from './ebpf-node.ts';

const sources = fileURLToPath(new URL('../../bpf', import.meta.url));
const allowAtoB: StateText = { sets: { a: { a: 'member' } }, ingress: { b: [{ id: 'let-a-in', peer: ['a'], protocol: 6, ports: [80] }] } };

/** The programs with one text in place of another, compiled. */
function changedObject(text: string, by: string): ObjectFile {
  const scratch = mkdtempSync(join(tmpdir(), 'weirt-broken-bpf-'));
  try {
    cpSync(sources, scratch, { recursive: true });
    const file = join(scratch, 'weir.bpf.c');
    const source = readFileSync(file, 'utf8');
    expect(source).toContain(text);
    writeFileSync(file, source.replace(text, by));
    const flags = ['-target', 'bpf', '-mcpu=v3', '-O2', '-g', '-I/usr/include/x86_64-linux-gnu'];
    execFileSync('clang', [...flags, '-c', 'weir.bpf.c', '-o', 'broken.o'], { cwd: scratch });
    return { image: readFileSync(join(scratch, 'broken.o')), version: 'broken' };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

describe('programs on a kernel that does not tell how a connection is laid out', () => {
  it('DP75: are taken, judge, and soon tell which service was spoken to all the same', async () => {
    const node = await openEbpfNode();
    try {
      const unknown = changedObject('#include "packet.h"', '#define nf_conn nf_conn_of_no_kernel\n#include "packet.h"');
      const dataplane = node.start({ flowRate: 100 }, unknown);
      expect((await dataplane.apply(node.delta(allowAtoB))).quarantined).toEqual([]);
      const tcp = { to: 'b', protocol: 'tcp', port: 80, family: 4 } as const;
      expect(await node.world.attempt({ ...tcp, from: 'a', expect: 'allowed' })).toBe('answered');
      expect(await node.world.attempt({ ...tcp, from: 'c', expect: 'denied' })).toBe('silence');
      const service = '10.99.0.1';
      const translation = `ip daddr ${service} udp dport 53 dnat ip to ${hostAddresses.b[4]}:5353`;
      node.world.run('node', 'nft', `add table inet service { chain pre { type nat hook prerouting priority dstnat; ${translation}; }; }`);
      const told: FlowEvent[] = [];
      const reading = (async () => {
        for await (const event of dataplane.flows()) told.push(event);
      })();
      const socket = openUdp({ netns: node.world.netns('c'), address: '0.0.0.0', port: 0 });
      const services = (): unknown[] =>
        told.flatMap((event) => (event.kind === 'denied' && event.addressed !== undefined ? [formatAddress(event.addressed.address)] : []));
      await expect
        .poll(
          async () => {
            await new Promise<void>((resolve) => socket.send('x', 53, service, () => resolve()));
            return services();
          },
          { timeout: 20_000 },
        )
        .toContain(service);
      socket.close();
      await node.reset();
      await reading;
    } finally {
      await node.close();
    }
  });
});

describe('programs that the kernel does not take', () => {
  let node: EbpfNode;
  beforeAll(async () => {
    node = await openEbpfNode();
  });
  afterAll(() => node.close());

  it.each([
    ['a count that may not be there', '	if (!count) return;\n', '', /invalid mem access 'map_value_or_null'/],
    ['a loop without an end', 'for (int i = 0; i < TRIES_MAX; i++) {', 'for (;;) {', /infinite loop detected|program is too large/],
  ])('DP75: the verifier log says why (%s), and the version before goes on judging', async (_name, text, by, said) => {
    const first = node.start();
    await first.apply(node.delta(allowAtoB));
    await node.leave(first);
    const pins = node.pins();
    const broken = node.start({}, changedObject(text, by));
    const refused = await broken.apply(node.delta({})).then(
      () => undefined,
      (error: Error) => error,
    );
    expect(refused?.name).toBe('BpfLoadError');
    expect(refused?.message).toMatch(/^the kernel does not take the programs \(errno \d+\); the verifier says:\n/);
    expect(refused?.message).toMatch(said);
    expect(node.pins()).toBe(pins);
    await node.leave(broken);
    const tcp = { to: 'b', protocol: 'tcp', port: 80, family: 4 } as const;
    expect(await node.world.attempt({ ...tcp, from: 'a', expect: 'allowed' })).toBe('answered');
    expect(await node.world.attempt({ ...tcp, from: 'c', expect: 'denied' })).toBe('silence');
    const next = node.start();
    await next.apply(node.delta({}));
    await node.reset();
  });
});
