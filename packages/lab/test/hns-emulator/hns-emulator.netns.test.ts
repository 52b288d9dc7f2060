/**
 * What documents of HNS do to packets: those of Azure NPM as it writes them, and those of the back end,
 * of which every mutant is found.
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Delta } from '@weir/calc';
import { createHnsDataplane, openSocketHnsDoor } from '@weir/dataplane';
import { type AclPolicy, HnsError, inNetns, type ModifyRequest } from '@weir/kernel';
import { defined } from '@weir/net';
import { DatagramStream, PacketCounter } from '@weir/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { attemptsOf, conformanceCases } from '../../../dataplane/test/conformance/cases.ts';
import { deltaBetween, stateDelta } from '../../../dataplane/test/conformance/state.ts';
import { type HostName, hostAddresses, openWorld, type World } from '../../../dataplane/test/conformance/world.ts';
import { HnsEmulator } from '../../src/hns-emulator/hns-emulator.ts';
import { serveHns } from '../../src/hns-emulator/hns-server.ts';
import { doorOf, emulatedHns } from './emulated-node.ts';
import { asItIs, type Mutation, mutants, mutatedDoor } from './wrong-documents.ts';

const clients = 'azure-npm-343gyx4g1wf87lwlewvk';
const namespace = 'azure-npm-61b0uqiiz2delucbmvi2';
const empty = 'azure-npm-4rdsa7069uaa0csdhoe2';
const block = { Id: 'azure-acl-x-policy', Action: 'Block', Direction: 'In', RuleType: 'Switch', Priority: 3000 } as const;

let world: World;
let hns: HnsEmulator;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => {
  await world.close();
});
/** Every test has an emulator of its own. */
function openEmulator(): void {
  const pods = (['a', 'b', 'c'] as const).map((pod) => ({
    addresses: [hostAddresses[pod][4], hostAddresses[pod][6]],
    interface: world.podInterface(pod),
  }));
  hns = inNetns(world.netns('node'), () => emulatedHns(pods).hns as never) as HnsEmulator;
}

function closeEmulator(): void {
  hns.remove();
  hns.close();
}

beforeEach(openEmulator);
afterEach(closeEmulator);

async function inEmulator<T>(work: () => Promise<T>): Promise<T> {
  openEmulator();
  try {
    return await work();
  } finally {
    closeEmulator();
  }
}

function setPolicies(
  RequestType: ModifyRequest['RequestType'],
  ...sets: readonly (readonly [id: string, name: string, type: string, values: string])[]
): void {
  modifyNetwork(RequestType, ...sets.map(([Id, Name, PolicyType, Values]) => ({ Id, Name, PolicyType, Values })));
}

function modifyNetwork(RequestType: ModifyRequest['RequestType'], ...settings: readonly unknown[]): void {
  const Policies = settings.map((Settings) => ({ Type: 'SetPolicy', Settings }));
  hns.modifyNetwork(defined(hns.networks()[0], 'a network').ID, { ResourceType: 'Policy', RequestType, Settings: { Policies } });
}

function acls(pod: 'a' | 'b' | 'c', ...settings: readonly AclPolicy[]): void {
  const endpoint = defined(hns.endpointOf(world.podInterface(pod)), pod);
  hns.modifyEndpoint(endpoint, {
    ResourceType: 'Policy',
    RequestType: 'Update',
    Settings: { Policies: settings.map((Settings) => ({ Type: 'ACL', Settings })) },
  });
}

/** Of the attempts those that are answered otherwise than they say. */
async function wrong(allowed: readonly string[], denied: readonly string[]): Promise<string[]> {
  const attempts = [
    ...allowed.map((text) => ({ text, expect: 'allowed' as const })),
    ...denied.map((text) => ({ text, expect: 'denied' as const })),
  ];
  const results = await Promise.all(
    attempts.flatMap(({ text, expect: expected }) =>
      attemptsOf(text, expected).map(async (attempt) => {
        const isAnswered = (await world.attempt(attempt)) === 'answered';
        return isAnswered === (expected === 'allowed') ? [] : [`IPv${attempt.family} ${text}`];
      }),
    ),
  );
  return results.flat();
}

describe('documents of Azure NPM', () => {
  it('are taken word for word as its reference has them, and let in what it means', async () => {
    // What the reference leaves open: ids, names and addresses.
    const open = [
      ['<20 base36>', 'A'],
      ['…', 'B'],
      ['<emptyset>', 'none'],
      ['<ns-x>', 'A'],
      ['<ns>', 'x'],
      ['<policy>', 'policy'],
      ['10.0.0.1', '10.77.0.1'],
      ['10.0.0.2', '10.77.0.9'],
      ['<nodeIP>', '192.0.2.1'],
    ] as const;
    const quoted = readFileSync(join(import.meta.dirname, 'testdata', 'azure-npm-documents.txt'), 'utf8').trim();
    const documents = open.reduce((text, [gap, value]) => text.replaceAll(gap, value), quoted).split('\n');
    const [sets, rules] = [documents.slice(0, 2), documents.slice(2)].map((lines) => lines.map((line) => JSON.parse(line) as never));
    setPolicies('Add', ['azure-npm-none', 'empty-emptyhashset', 'IPSET', '']);
    modifyNetwork('Add', ...defined(sets, 'sets'));
    acls('b', ...defined(rules, 'ACLs'));
    expect(await wrong(['a > b tcp 80 [4]', 'node > b tcp 81 [4]'], ['a > b tcp 81 [4]', 'c > b tcp 80 [4]', 'ext > b tcp 80'])).toEqual(
      [],
    );
    expect(hns.networks().flatMap(({ Policies }) => Policies.map(({ Settings }) => Settings))).toEqual(
      expect.arrayContaining(defined(sets, 'sets')),
    );
    expect(hns.endpoints().flatMap(({ Policies }) => Policies.map(({ Settings }) => Settings))).toEqual(rules);
  });

  it('let in who is in all sets of LocalAddresses, on the port, and the node; and block the rest', async () => {
    setPolicies('Add', [clients, 'podlabel-app:client', 'IPSET', '10.77.0.1'], [namespace, 'ns-x', 'IPSET', '10.77.0.1,10.77.0.3']);
    acls(
      'b',
      {
        Id: 'azure-acl-x-policy',
        Protocols: '6',
        Action: 'Allow',
        Direction: 'In',
        LocalAddresses: `${clients},${namespace}`,
        LocalPorts: '80',
        RuleType: 'Switch',
        Priority: 222,
      },
      block,
      { Id: 'azure-acl-x-policy', Action: 'Allow', Direction: 'In', RemoteAddresses: '192.0.2.1', RuleType: 'Switch', Priority: 201 },
    );
    const allowed = ['a > b tcp 80 [4]', 'node > b tcp 81 [4]', 'b > a tcp 80'];
    expect(
      await wrong(allowed, ['a > b tcp 81 [4]', 'a > b udp 80 [4]', 'c > b tcp 80 [4]', 'a > b tcp 80 [6]', 'ext > b tcp 80']),
    ).toEqual([]);
  });

  it('let out to who is in the sets of RemoteAddresses, on the port there', async () => {
    setPolicies('Add', [clients, 'podlabel-app:server', 'IPSET', '10.77.0.2,fd77::b']);
    acls(
      'a',
      {
        Id: 'azure-acl-x-out',
        Protocols: '17',
        Action: 'Allow',
        Direction: 'Out',
        RemoteAddresses: clients,
        RemotePorts: '80,443',
        RuleType: 'Switch',
        Priority: 222,
      },
      { ...block, Direction: 'Out' },
    );
    expect(
      await wrong(
        ['a > b udp 80', 'a > b udp 443', 'b > a tcp 80', 'c > a udp 80'],
        ['a > b udp 81', 'a > b tcp 80', 'a > c udp 80', 'a > node udp 80'],
      ),
    ).toEqual([]);
  });

  it('match everybody with a list that has no members, and nobody with one whose only member is empty', async () => {
    const allow = {
      Id: 'azure-acl-x-policy',
      Action: 'Allow',
      Direction: 'In',
      LocalAddresses: namespace,
      RuleType: 'Switch',
      Priority: 222,
    } as const;
    setPolicies('Add', [empty, 'empty-emptyhashset', 'IPSET', ''], [namespace, 'nslabel-all-namespaces', 'NESTEDIPSET', '']);
    acls('b', allow, block);
    expect(await wrong(['a > b tcp 80', 'ext > b tcp 80'], [])).toEqual([]);
    setPolicies('Update', [namespace, 'nslabel-all-namespaces', 'NESTEDIPSET', empty]);
    expect(await wrong([], ['a > b tcp 80', 'ext > b tcp 80'])).toEqual([]);
    setPolicies('Add', [clients, 'ns-x', 'IPSET', '10.77.0.1,fd77::/64']);
    setPolicies('Update', [namespace, 'nslabel-all-namespaces', 'NESTEDIPSET', `${empty},${clients}`]);
    expect(await wrong(['a > b tcp 80', 'c > b tcp 80 [6]'], ['c > b tcp 80 [4]', 'ext > b tcp 80'])).toEqual([]);
  });

  it('take the lowest priority first, whatever their order', async () => {
    acls('b', block, { Action: 'Allow', Direction: 'In', Priority: 222 });
    expect(await wrong(['a > b tcp 80'], [])).toEqual([]);
    acls('b', { ...block, Priority: 222 }, { Action: 'Allow', Direction: 'In', Priority: 3000 });
    expect(await wrong([], ['a > b tcp 80'])).toEqual([]);
  });

  it('judge the traffic of the node itself, unless an ACL for the host lets it through', async () => {
    acls('b', block);
    expect(await wrong([], ['node > b tcp 80', 'a > b tcp 80'])).toEqual([]);
    acls('b', block, { Action: 'Allow', Direction: 'In', RuleType: 'Host', Priority: 0 });
    expect(await wrong(['node > b tcp 80'], ['a > b tcp 80'])).toEqual([]);
  });

  it('leave connections alone that were let through', async () => {
    const socket = await world.connect('a', 'b', 80);
    expect(await world.echo(socket, 10_000)).toBe(true);
    acls('b', block);
    expect(await wrong([], ['a > b tcp 80'])).toEqual([]);
    expect(await world.echo(socket, 10_000)).toBe(true);
    // Its connections end with an endpoint, and nothing is left to let them on.
    await hns.deleteEndpoint(defined(hns.endpointOf(world.podInterface('b')), 'b'));
    expect(world.run('node', 'conntrack', '-L').includes('10.77.0.2')).toBe(false);
    socket.destroy();
  });
});

describe('documents of the back end', () => {
  const attempts: readonly (readonly [HostName, HostName])[] = [
    ['a', 'b'],
    ['c', 'b'],
    ['b', 'a'],
    ['node', 'b'],
    ['a', 'ext'],
  ];

  /** What is answered in a state, with documents changed on their way; waits for nothing longer than for silence. */
  async function answered(rule: string, mutation: Mutation): Promise<string[]> {
    const { state } = defined(
      conformanceCases.find((each) => each.rule === rule),
      rule,
    );
    const dataplane = createHnsDataplane({ door: mutatedDoor({ ...doorOf(hns), close: () => undefined }, mutation) });
    await dataplane.apply(stateDelta(state, (pod) => world.podInterface(pod)));
    const results = await Promise.all(
      attempts.flatMap(([from, to]) =>
        [80, 81].map(async (port) => {
          const outcome = await world.attempt({ from, to, protocol: 'tcp', port, family: 4, expect: 'denied' });
          return outcome === 'answered' ? [`${from} > ${to} ${port}`] : [];
        }),
      ),
    );
    await dataplane.remove();
    return results.flat();
  }

  it('DP80: let nothing through while they change that neither state allows, and lose nothing that both allow', async () => {
    const udp = 17;
    const state = (port: number): Delta =>
      stateDelta(
        {
          sets: { clients: { a: 'member' } },
          ingress: {
            b: [
              { id: 'turns', peer: ['clients'], protocol: udp, ports: [port] },
              { id: 'stays', peer: ['clients'], protocol: udp, ports: [90] },
            ],
          },
        },
        () => undefined,
      );
    const dataplane = createHnsDataplane({ door: doorOf(hns) });
    await dataplane.apply(state(80));
    const to = hostAddresses.b[4];
    const from = (pod: 'a' | 'c'): string => `ip saddr ${hostAddresses[pod][4]} udp dport`;
    const counter = new PacketCounter(world.netns('b'), {
      turns: `${from('a')} { 80, 81 }`,
      stays: `${from('a')} 90`,
      never: `${from('a')} 82`,
      stranger: `${from('c')} { 80-90 }`,
    });
    const lanes = [80, 81, 82, 90].map((port) => ({ address: to, port, flow: 'each' as const }));
    const streams = [await DatagramStream.start(world.netns('a'), lanes), await DatagramStream.start(world.netns('c'), lanes)];
    try {
      const states = [state(80), state(81)] as const;
      const until = Date.now() + 1_000 * Number(process.env['WEIR_LOAD_SECONDS'] ?? 1.5);
      for (let turn = 0; Date.now() < until; turn++) {
        const [before, after] = turn % 2 === 0 ? states : [states[1], states[0]];
        await dataplane.apply(deltaBetween(before, after));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      const [sent] = await Promise.all(streams.map((stream) => stream.stop()));
      const { turns, ...others } = await counter.settled();
      expect(others).toEqual({ stays: sent?.[3], never: 0, stranger: 0 });
      expect(turns).toBeGreaterThan(0);
    } finally {
      for (const stream of streams) stream.kill();
      counter.remove();
    }
  });

  it('DP82: stay as they are where HNS rejects the new ones', async () => {
    const door = doorOf(hns);
    const dataplane = createHnsDataplane({
      door: {
        ...door,
        modifyEndpoint: (id, request) =>
          JSON.stringify(request).includes('"LocalPorts":"81"')
            ? Promise.reject(new HnsError('no room', '0x8007000e'))
            : door.modifyEndpoint(id, request),
      },
    });
    const state = (port: number): Delta =>
      stateDelta(
        { sets: { clients: { a: 'member' } }, ingress: { b: [{ peer: ['clients'], protocol: 6, ports: [port] }] } },
        () => undefined,
      );
    await dataplane.apply(state(80));
    expect((await dataplane.apply(deltaBetween(state(80), state(81)))).quarantined).toMatchObject([{ reason: 'HNS rejects it: no room' }]);
    expect(await wrong(['a > b tcp 80'], ['a > b tcp 81', 'c > b tcp 80', 'ext > b tcp 80'])).toEqual([]);
  });

  const right = new Map<string, string[]>();
  beforeAll(async () => {
    for (const rule of ['DP4', 'DP11', 'DP2']) right.set(rule, await inEmulator(() => answered(rule, asItIs)));
  });

  it('DP83: split blocks around their holes, where that is asked for', async () => {
    const { state, allowed, denied } = defined(
      conformanceCases.find(({ rule }) => rule === 'DP8'),
      'DP8',
    );
    const dataplane = createHnsDataplane({ door: doorOf(hns), expandUnsupported: true });
    expect((await dataplane.apply(stateDelta(state, () => undefined))).quarantined).toEqual([]);
    expect(await wrong(allowed, denied)).toEqual([]);
  });

  it.each(mutants)('DP86: with %s let through something else', async (_, mutation) => {
    for (const [rule, expected] of right) if (JSON.stringify(await answered(rule, mutation)) !== JSON.stringify(expected)) return;
    expect.unreachable('no packet shows the difference');
  });
});

describe('the socket of the emulator', () => {
  it('answers as the library does, for its owner alone, and with the codes of HNS', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'weirt-hns-'));
    const path = join(directory, 'hns.sock');
    const server = await serveHns(path, hns);
    try {
      expect(statSync(path).mode & 0o777).toBe(0o600);
      const door = openSocketHnsDoor(path);
      const dataplane = createHnsDataplane({ door });
      const { state } = defined(
        conformanceCases.find(({ rule }) => rule === 'DP4'),
        'DP4',
      );
      await dataplane.apply(stateDelta(state, () => undefined));
      expect(await wrong(['a > b tcp 80'], ['c > b tcp 80'])).toEqual([]);
      const [endpoint] = await door.endpoints();
      const named = { Type: 'ACL', Settings: { Action: 'Allow', Direction: 'In', Protocols: '6', LocalPorts: 'http' } };
      const request = { ResourceType: 'Policy', RequestType: 'Add', Settings: { Policies: [named] } } as const;
      await expect(door.modifyEndpoint(endpoint?.ID ?? '', request)).rejects.toThrow("'http' in LocalPorts is no port");
      await expect(door.modifyEndpoint('none', request)).rejects.toMatchObject({ code: '0x803b0002' });
      expect(await door.endpoint('none')).toBeUndefined();
      await dataplane.remove();
      expect(hns.endpoints().flatMap(({ Policies }) => Policies)).toEqual([]);
      expect(hns.networks().flatMap(({ Policies }) => Policies)).toEqual([]);
    } finally {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      rmSync(directory, { recursive: true, force: true });
    }
    await expect(openSocketHnsDoor(path).networks()).rejects.toThrow('HNS does not answer');
  });

  it('lets go of endpoints that are deleted at the same moment', async () => {
    const ids = hns.endpoints().map(({ ID }) => ID);
    expect(ids.length).toBeGreaterThan(1);
    await Promise.all(ids.map((id) => hns.deleteEndpoint(id)));
    expect(hns.endpoints()).toEqual([]);
  });

  it('puts what it held into force again when its process starts anew', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'weirt-hns-'));
    const file = join(directory, 'hns.json');
    const open = (): HnsEmulator => inNetns(world.netns('node'), () => new HnsEmulator(file) as never) as HnsEmulator;
    try {
      hns.remove();
      hns.close();
      hns = open();
      for (const pod of ['a', 'b'] as const)
        await hns.createEndpoint({ addresses: [hostAddresses[pod][4]], interface: world.podInterface(pod) });
      setPolicies('Add', [namespace, 'list', 'NESTEDIPSET', '']);
      setPolicies('Add', [clients, 'clients', 'IPSET', '10.77.0.1']);
      setPolicies('Update', [namespace, 'list', 'NESTEDIPSET', clients]);
      acls('b', { Action: 'Allow', Direction: 'In', LocalAddresses: namespace, Priority: 222 }, block);
      hns.close();
      hns = open();
      expect([hns.networks(), hns.endpoints()].flat().flatMap(({ Policies }) => Policies).length).toBe(4);
      expect(await wrong(['a > b tcp 80 [4]'], ['ext > b tcp 80 [4]'])).toEqual([]);
      expect(world.run('node', 'nft', 'list', 'tables').trim()).toBe('table inet weir_hns');
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
