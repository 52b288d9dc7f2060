/** What the eBPF back end promises beyond verdicts: taking over, drift, order of rules, capacity, nothing left behind. */
import { readdirSync, readFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Delta } from '@weir/calc';
import { compareAddresses, type Flow } from '@weir/net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { FlowEvent } from '../../src/dataplane.ts';
import type { EbpfDataplane, EbpfOptions } from '../../src/ebpf/index.ts';
import type { ObjectFile } from '../../src/ebpf/object-file.ts';
import { deltaBetween, type StateText } from '../conformance/state.ts';
import { addressOf, type World } from '../conformance/world.ts';
import { committedFile, type EbpfNode, openEbpfNode, otherVersion } from './ebpf-node.ts';

const allowAtoB: StateText = { sets: { a: { a: 'member' } }, ingress: { b: [{ id: 'let-a-in', peer: ['a'], protocol: 6, ports: [80] }] } };
const none = { drifted: [], repaired: false };
const file = committedFile;

describe('eBPF back end', () => {
  let node: EbpfNode;
  let world: World;

  beforeAll(async () => {
    node = await openEbpfNode();
    world = node.world;
  });
  afterEach(() => node.reset());
  afterAll(() => node.close());

  const start = (more: Partial<EbpfOptions> = {}, object?: ObjectFile): EbpfDataplane => node.start(more, object);
  const leave = (dataplane: EbpfDataplane): Promise<void> => node.leave(dataplane);
  const delta = (text: StateText): Delta => node.delta(text);
  const pins = (): string => node.pins();
  const bpftool = (...command: string[]): string => node.bpftool(...command);
  const tcp = (from: 'a' | 'b' | 'c', expected: 'allowed' | 'denied', port = 80) =>
    world.attempt({ from, to: 'b', protocol: 'tcp', port, family: 4, expect: expected });
  const expectVerdicts = async (): Promise<void> => {
    expect(await tcp('a', 'allowed')).toBe('answered');
    expect(await tcp('c', 'denied')).toBe('silence');
  };

  it('DP30: leaves nothing behind: no table, no pin, no mount', async () => {
    const mounts = (): string[] =>
      readFileSync('/proc/mounts', 'utf8')
        .split('\n')
        .filter((line) => line.includes(node.pinDirectory));
    const traces = (): string => [world.run('node', 'nft', 'list', 'ruleset'), ...mounts()].join('\n');
    const before = traces();
    const dataplane = start();
    await dataplane.apply(delta(allowAtoB));
    expect(traces()).not.toBe(before);
    await dataplane.remove();
    await dataplane.remove();
    expect(traces()).toBe(before);
    expect(await tcp('c', 'allowed')).toBe('answered');
  });

  it.each([
    ['the same version', file],
    ['another version', otherVersion],
  ])('DP35: rules stay while nobody runs, and a process of %s takes over with what it finds', async (_name, object) => {
    const first = start();
    await first.apply(delta(allowAtoB));
    const kept = await world.connect('a', 'b', 80);
    await leave(first);
    await expectVerdicts();
    const second = start({}, object);
    await second.apply(delta({ ...allowAtoB, ingress: { ...allowAtoB.ingress, c: [] } }));
    await expectVerdicts();
    expect(await world.attempt({ from: 'a', to: 'c', protocol: 'tcp', port: 80, family: 6, expect: 'denied' })).toBe('silence');
    expect(await world.echo(kept, 10_000)).toBe(true);
    expect(readdirSync(join(pins(), '..'))).toEqual([`${object.version}-${object === file ? 1 : 2}`]);
    expect(await second.resync()).toEqual(none);
    kept.destroy();
  });

  it.each([
    ['the same version', file],
    ['another version', otherVersion],
  ])('DP37: a process of %s cuts connections of addresses that changed hands meanwhile', async (_name, object) => {
    const first = start();
    await first.apply(delta(allowAtoB));
    const kept = await world.connect('a', 'c', 80);
    const cut = await world.connect('a', 'b', 80);
    await leave(first);
    const other = delta({ ingress: { b: [], c: [] }, endpoint: (pod, each) => (pod === 'b' ? { ...each, uid: 'uid-next' } : each) });
    await start({}, object).apply(other);
    expect(await world.echo(kept, 10_000)).toBe(true);
    expect(await world.echo(cut, 500)).toBe(false);
    kept.destroy();
    cut.destroy();
  });

  it('DP36: changes rules of established connections for new ones only, and cuts those of an address that changes hands', async () => {
    const dataplane = start();
    const before = delta(allowAtoB);
    await dataplane.apply(before);
    const connection = await world.connect('a', 'b', 80);
    const closed = delta({ ...allowAtoB, ingress: { b: [] } });
    await dataplane.apply(deltaBetween(before, closed));
    expect(await tcp('a', 'denied')).toBe('silence');
    expect(await world.echo(connection, 10_000)).toBe(true);
    const next = delta({ ...allowAtoB, ingress: { b: [] }, endpoint: (pod, each) => (pod === 'b' ? { ...each, uid: 'uid-next' } : each) });
    await dataplane.apply(deltaBetween(closed, next));
    expect(await world.echo(connection, 500)).toBe(false);
    expect(await dataplane.resync()).toEqual(none);
    connection.destroy();
  });

  it.each([
    ['a detached program', () => bpftool('link', 'detach', 'pinned', join(pins(), 'link_forward4')), 'program forward4 was not attached'],
    ['a lost pin of a link', () => unlinkSync(join(pins(), 'link_input6')), 'the pin of the link of input6 was not there'],
    ['a lost pin of a map', () => unlinkSync(join(pins(), 'policies')), 'the pin of policies was not there'],
    [
      'a deleted element',
      () => bpftool('map', 'delete', 'pinned', join(pins(), 'local4'), 'key', 'hex', ...'20 00 00 00 0a 4d 00 02'.split(' ')),
      'map local4 lacks 1 elements',
    ],
    [
      'an added element',
      () =>
        bpftool(
          'map',
          'update',
          'pinned',
          join(pins(), 'pods4'),
          'key',
          'hex',
          ...'20 00 00 00 0a 4d 00 03'.split(' '),
          'value',
          ...Array.from({ length: 16 }, () => '1'),
        ),
      'map pods4 has 1 elements that are not ours',
    ],
    [
      'a flushed conntrack table',
      () => world.run('node', 'nft', 'delete', 'table', 'inet', 'weir_ebpf'),
      'the rule that has connections tracked',
    ],
  ])('DP72: tells soon of %s, and repairs it', async (_name, tamper, finding) => {
    const dataplane = start();
    let told = 0;
    dataplane.watch(() => told++);
    await dataplane.apply(delta(allowAtoB));
    expect(await dataplane.resync()).toEqual(none);
    tamper();
    if (!finding.includes('pin')) await expect.poll(() => told, { timeout: 20_000 }).toBeGreaterThan(0);
    const report = await dataplane.resync();
    expect(report.drifted.join('; ')).toContain(finding);
    expect(report.repaired).toBe(true);
    expect(await dataplane.resync()).toEqual(none);
    await expectVerdicts();
  });

  it('DP40: counts per rule, never backwards when classes are made anew, and per program what it denies', async () => {
    const dataplane = start();
    const before = delta(allowAtoB);
    await dataplane.apply(before);
    for (let i = 0; i < 3; i++) expect(await tcp('a', 'allowed')).toBe('answered');
    await tcp('c', 'denied');
    const packets = async () => (await dataplane.counters()).find(({ rule }) => rule.id === 'let-a-in')?.packets;
    expect(await packets()).toBe(3n);
    expect((await dataplane.denied()).some((each) => each.packets > 0n)).toBe(true);
    await dataplane.apply(deltaBetween(before, delta({ ...allowAtoB, ingress: { b: [{ id: 'let-a-in', peer: ['a'], protocol: 6 }] } })));
    expect(await packets()).toBe(3n);
    expect(await tcp('a', 'allowed')).toBe('answered');
    expect(await packets()).toBe(4n);
  });

  it('DP70, DP71: rules that deny come first where they stand first, and a program that does not fit is refused with the figure', async () => {
    const dataplane = start({ policyEntriesMax: 64 });
    const sets = { a: { a: 'member' }, both: { a: 'member', c: 'member' } } as const;
    const ordered = delta({
      sets,
      ingress: {
        b: [
          { id: 'no-a', action: 'deny', peer: ['a'], protocol: 6, ports: [80] },
          { id: 'log', action: 'log', peer: ['a'], protocol: 6, ports: [81] },
          { id: 'all', peer: ['both'] },
        ],
      },
    });
    expect((await dataplane.apply(ordered)).quarantined).toEqual([]);
    expect(await tcp('a', 'denied')).toBe('silence');
    expect(await tcp('a', 'allowed', 81)).toBe('answered');
    expect(await tcp('c', 'allowed')).toBe('answered');
    const ports = Array.from({ length: 80 }, (_, i) => 1_001 + 2 * i);
    const large = delta({ sets, ingress: { b: [{ id: 'many', protocol: 6, ports }] } });
    const { quarantined } = await dataplane.apply(deltaBetween(ordered, large));
    expect(quarantined[0]?.reason).toMatch(/it needs 81 entries of the policy map, and \d+ of 64 are free/);
    expect(await tcp('a', 'denied')).toBe('silence');
    expect(await tcp('c', 'allowed')).toBe('answered');
    expect(node.replaced).toEqual([]);
  });

  it.each(['keep', 'cut'] as const)(
    'DP49: with %s, connections that the state denies go on, or end and no other does',
    async (established) => {
      const dataplane = start({ established });
      const open80 = delta({ ...allowAtoB, ingress: { b: [{}] } });
      await dataplane.apply(open80);
      const [allowed, denied] = [await world.connect('a', 'b', 80), await world.connect('c', 'b', 80)];
      await dataplane.apply(deltaBetween(open80, delta({ ...allowAtoB, ingress: { b: [] } })));
      const isDenied = ({ source, destination, destinationPort }: Flow): boolean =>
        compareAddresses(source, addressOf('c', 4)) === 0 &&
        compareAddresses(destination, addressOf('b', 4)) === 0 &&
        destinationPort === 80;
      const { ended } = await dataplane.endDenied({ addresses: [addressOf('b', 4)], isDenied });
      expect(ended > 0).toBe(established === 'cut');
      expect(await world.echo(allowed, 10_000)).toBe(true);
      expect(await world.echo(denied, established === 'cut' ? 500 : 10_000)).toBe(established === 'keep');
      allowed.destroy();
      denied.destroy();
    },
  );

  it('DP74: tells of allowed and denied connections', async () => {
    const dataplane = start({ flowRate: 1_000 });
    await dataplane.apply(delta(allowAtoB));
    const told: FlowEvent[] = [];
    const reading = (async () => {
      for await (const event of dataplane.flows()) told.push(event);
    })();
    await expectVerdicts();
    const isOf = (from: 'a' | 'c', event: FlowEvent): boolean =>
      'flow' in event && compareAddresses(event.flow.source, addressOf(from, 4)) === 0 && event.flow.destinationPort === 80;
    await expect
      .poll(() => told.some((event) => event.kind === 'denied' && event.direction === 'ingress' && isOf('c', event)), { timeout: 20_000 })
      .toBe(true);
    await expect.poll(() => told.some((event) => event.kind === 'allowed' && isOf('a', event)), { timeout: 20_000 }).toBe(true);
    expect(told.some((event) => event.kind === 'denied' && isOf('a', event))).toBe(false);
    await dataplane.remove();
    await reading;
  });
});
