/** Machines that cannot have the eBPF back end are told why, before anything is opened or changed. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { unsupportedReason } from '../../src/ebpf/object-file.ts';
import { type EbpfNode, openEbpfNode } from './ebpf-node.ts';

const opening = fileURLToPath(new URL('open-ebpf.ts', import.meta.url));

describe('a machine that cannot have the eBPF back end', () => {
  let node: EbpfNode;
  beforeAll(async () => {
    node = await openEbpfNode();
  });
  afterEach(() => node.reset());
  afterAll(() => node.close());

  it.each(['2.6.32', '5.15.0-91-generic', '6.1.0-18-amd64', '6.3.13'])('DP73: of Linux %s is told what it needs instead', (kernel) => {
    expect(unsupportedReason(kernel, 'x64')).toBe(
      `the eBPF data plane needs Linux 6.4 or newer (programs at netfilter hooks), and this is ${kernel}: use --dataplane nftables`,
    );
  });

  it.each(['6.4.0', '6.4.0-rc1', '6.10.3', '10.0.0', release()])('DP73: is none of Linux %s', (kernel) => {
    expect(unsupportedReason(kernel, 'x64')).toBeUndefined();
  });

  it.each(['arm64', 'riscv64', 's390x', 'ia32'])('DP73: with processors %s is told that there are no programs for them', (architecture) => {
    expect(unsupportedReason('6.18.0', architecture)).toMatch(
      new RegExp(`^the eBPF data plane runs on x86-64 only, and this is ${architecture}: use --dataplane nftables`),
    );
  });

  it('DP73: is left as it was, down to open files: a process on a kernel that says it is 2.6', () => {
    const traces = (): string[] => [
      node.world.run('node', 'nft', 'list', 'ruleset'),
      readFileSync('/proc/mounts', 'utf8')
        .split('\n')
        .filter((line) => line.includes(node.pinDirectory))
        .join('\n'),
      String(existsSync(node.pinDirectory)),
    ];
    const before = traces();
    const open = (...prefix: readonly string[]): { readonly outcome: string; readonly descriptors: number } =>
      JSON.parse(
        node.world.run('node', ...prefix, process.execPath, '--conditions=source', '--import', 'tsx', opening, node.pinDirectory),
      ) as { readonly outcome: string; readonly descriptors: number };
    const refused = open('setarch', process.arch === 'x64' ? 'x86_64' : process.arch, '--uname-2.6');
    expect(refused.outcome).toMatch(
      /^the eBPF data plane needs Linux 6\.4 or newer .*, and this is 2\.6\.\d+\S*: use --dataplane nftables$/,
    );
    expect(refused.descriptors).toBe(0);
    // The same process under the kernel's own name does open something.
    const made = open();
    expect(made.outcome).toBe('made');
    expect(made.descriptors).toBeGreaterThan(0);
    expect(traces()).toEqual(before);
  });

  it('DP73: a node with too many beginnings of link names is told so, and nothing stays open', () => {
    const descriptors = (): number => readdirSync(join('/proc', 'self', 'fd')).length;
    const podInterfaces = Array.from({ length: 9 }, (_, i) => `p${i}`);
    const before = descriptors();
    expect(() => node.start({ podInterfaces })).toThrow('takes at most 8 beginnings of names of pod links, and these are 9');
    expect(descriptors()).toBe(before);
    expect(existsSync(node.pinDirectory)).toBe(false);
  });
});
