/** The HNS back end on documents: what they say in the end, and on the way there. */
import { type Delta, Engine } from '@weir/calc';
import { type ApplyReport, createHnsDataplane, type HnsDataplane } from '@weir/dataplane';
import { HnsError } from '@weir/kernel';
import { enforcementTarget } from '@weir/model';
import { type Address, defined, type Flow, formatAddress, parseAddress } from '@weir/net';
import { DeltaModel } from '@weir/testkit';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { conformanceCases } from '../../../dataplane/test/conformance/cases.ts';
import { deltaBetween, emptyDelta, type RuleText, type StateText, stateDelta } from '../../../dataplane/test/conformance/state.ts';
import { hostAddresses } from '../../../dataplane/test/conformance/world.ts';
import { DocumentsInMemory, documentsAllow } from './documents-in-memory.ts';
import { windowsLimits } from './windows-limits.ts';

const pods = ['a', 'b', 'c'] as const;
const tcp = 6;

/** What HNS can be told, with what is expanded for it. */
const ruleText: fc.Arbitrary<RuleText> = fc.record(
  {
    peer: fc.constantFrom<readonly string[]>(
      [],
      ['one'],
      ['two'],
      ['one', 'two'],
      ['one', '!two'],
      ['r1'],
      ['!r1'],
      ['r1', '!r2'],
      ['two', 'r1'],
    ),
    protocol: fc.constantFrom(6, 17),
    ports: fc.uniqueArray(fc.constantFrom(80, 81, [80, 90] as const, [0, 65535] as const), { minLength: 1, maxLength: 2 }),
  },
  { requiredKeys: ['peer', 'protocol'] },
);
const rules = fc.option(
  fc.array(ruleText, { maxLength: 3 }).map((list) => list.map((rule, i) => ({ ...rule, id: `r${i}` }))),
  { nil: undefined },
);
const isolation = fc.record({ a: rules, b: rules, c: rules });
const member = fc.constantFrom('member' as const, undefined);
const membership = fc.record({ a: member, b: member, c: member });
const stateText: fc.Arbitrary<StateText> = fc.record({
  ranges: fc.constant({
    r1: ['10.77.0.0/30', '192.0.2.0/24 except 192.0.2.10/32', 'fd77::/64'],
    r2: ['10.77.0.2/31', '2001:db8::/32 except 2001:db8:f::/48'],
  }),
  sets: fc.record({ one: membership, two: membership }),
  ingress: isolation,
  egress: isolation,
  pods: fc.subarray([...pods], { minLength: 1 }),
});

const flows: readonly Flow[] = allFlows();

function allFlows(): Flow[] {
  const addressesOf = (family: 4 | 6): Address[] =>
    (['a', 'b', 'c', 'ext', 'other'] as const).map((host) => defined(parseAddress(hostAddresses[host][family]), host));
  const ports = [
    [6, 80],
    [6, 81],
    [6, 443],
    [17, 80],
  ] as const;
  return ([4, 6] as const).flatMap((family) =>
    addressesOf(family).flatMap((source) =>
      addressesOf(family).flatMap((destination) =>
        ports.map(([protocol, destinationPort]) => ({ source, destination, protocol, sourcePort: 40_000, destinationPort })),
      ),
    ),
  );
}

function openHns(): DocumentsInMemory {
  return new DocumentsInMemory(pods.map((pod) => ({ id: pod, addresses: [hostAddresses[pod][4], hostAddresses[pod][6]] })));
}

/** Which flows a state allows; an endpoint that no pod was acknowledged for is closed. */
function verdicts(model: DeltaModel, acknowledged: readonly string[]): boolean[] {
  const closed = pods
    .filter((pod) => !acknowledged.includes(pod))
    .flatMap((pod) => ([4, 6] as const).map((family) => defined(parseAddress(hostAddresses[pod][family]), pod)));
  const isClosed = (address: Address): boolean => closed.some((other) => JSON.stringify(other) === JSON.stringify(address));
  return flows.map((flow) => {
    const { egressAllowed = true, ingressAllowed = true } = model.judge(flow, []);
    return egressAllowed && ingressAllowed && !isClosed(flow.source) && !isClosed(flow.destination);
  });
}

function describeFlow({ source, destination, protocol, destinationPort }: Flow): string {
  return JSON.stringify([source.words, destination.words, protocol, destinationPort]);
}

/** One step of a history: the next state, how it is reached, and the request that fails on the way. */
const step = fc.record({
  text: stateText,
  way: fc.constantFrom('delta', 'delta', 'restart'),
  fails: fc.option(fc.nat(6), { nil: undefined }),
});

function newDataplane(door: DocumentsInMemory): HnsDataplane {
  return createHnsDataplane({ door, expandUnsupported: true });
}

/** Lets the request with that number fail, once. */
function failOnce(hns: DocumentsInMemory, number: number | undefined): void {
  let left = number;
  hns.beforeRequest = () => {
    if (left === undefined || left-- > 0) return;
    left = undefined;
    throw new HnsError('the service does not answer');
  };
}

async function applyUntilTaken(dataplane: HnsDataplane, delta: Delta): Promise<ApplyReport> {
  return dataplane.apply(delta).catch(() => dataplane.apply(delta));
}

describe('the HNS back end', () => {
  it('DP80: after any history holds the documents of the last state, and no request on the way lets through what neither state allows', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 4 }), async (steps) => {
        const hns = openHns();
        let dataplane = newDataplane(hns);
        let before: Delta = emptyDelta;
        let old = flows.map(() => true);
        for (const { text, way, fails } of steps) {
          const after = stateDelta(text, () => 'weir0');
          const model = new DeltaModel();
          model.apply(after);
          const now = verdicts(model, text.pods ?? pods);
          const leaks: string[] = [];
          hns.onRequest = () => {
            for (const [i, flow] of flows.entries())
              if (old[i] === false && now[i] === false && documentsAllow(hns.store, flow)) leaks.push(describeFlow(flow));
          };
          failOnce(hns, fails);
          if (way === 'restart') dataplane = newDataplane(hns);
          const report = await applyUntilTaken(dataplane, way === 'restart' ? after : deltaBetween(before, after));
          expect(report.quarantined).toEqual([]);
          expect(leaks).toEqual([]);
          expect(flows.filter((flow, i) => documentsAllow(hns.store, flow) !== now[i]).map(describeFlow)).toEqual([]);
          failOnce(hns, undefined);
          expect(await dataplane.resync()).toEqual({ drifted: [], repaired: false });
          before = after;
          old = now;
        }
        const fresh = openHns();
        await newDataplane(fresh).apply(deltaBetween(emptyDelta, before));
        expect(hns.everything()).toEqual(fresh.everything());
        await dataplane.remove();
        expect(hns.everything()).toEqual([]);
      }),
      { numRuns: Number(process.env['WEIR_HNS_RUNS'] ?? 40), ...(process.env['WEIR_HNS_RUNS'] === undefined ? { seed: 4 } : {}) },
    );
  });

  it('DP81: loses no flow that both states allow while only one pod changes its labels', async () => {
    const state = (sets: StateText['sets']): Delta =>
      stateDelta(
        {
          ...(sets && { sets }),
          ingress: {
            b: [
              { peer: ['one'], protocol: tcp },
              { peer: ['two'], protocol: tcp },
            ],
          },
        },
        () => undefined,
      );
    const hns = openHns();
    const dataplane = createHnsDataplane({ door: hns });
    const first = state({ one: { a: 'member', c: 'member' }, two: {} });
    const second = state({ one: { c: 'member' }, two: { a: 'member' } });
    await dataplane.apply(first);
    const flow = defined(
      flows.find(({ source, destination }) => source.words[0] === 0x0a4d0001 && destination.words[0] === 0x0a4d0002),
      'a to b',
    );
    const seen: boolean[] = [];
    hns.onRequest = () => seen.push(documentsAllow(hns.store, flow));
    await dataplane.apply(deltaBetween(first, second));
    expect(seen.length).toBeGreaterThan(0);
    expect(seen).not.toContain(false);
  });

  it.each([
    ['SCTP', { protocol: 132, ports: [80] }, 'SCTP'],
    ['named ports of peers', { peer: ['web'], protocol: tcp }, 'named ports'],
    ['a negative selector', { peer: ['one', '!two'] }, 'a negative selector'],
    ['except', { peer: ['hole'] }, 'a block with except'],
    ['a protocol that HNS does not filter', { protocol: 47 }, 'protocol 47'],
    ['a rule that denies something', { action: 'deny' as const, protocol: tcp }, 'the action "deny"'],
  ])('DP82: refuses %s as a whole with the reason, keeps what was in force, and closes what had nothing', async (_, rule, reason) => {
    const hns = openHns();
    const dataplane = createHnsDataplane({ door: hns });
    const sets = { one: { a: 'member' as const }, two: { c: 'member' as const }, web: { b: [{ protocol: tcp, port: 80 }] } };
    const ranges = { hole: ['10.0.0.0/8 except 10.1.0.0/16'] };
    const first = stateDelta({ sets, ranges, ingress: { b: [{ peer: ['one'], protocol: tcp, ports: [80] }] } }, () => undefined);
    await dataplane.apply(first);
    const held = hns.everything().filter((line) => line.startsWith('b '));
    const bad = [{ protocol: tcp, ports: [81] }, rule];
    const second = stateDelta({ sets, ranges, ingress: { b: bad, c: bad } }, () => undefined);
    const report = await dataplane.apply(deltaBetween(first, second));
    expect(report.quarantined.map((each) => each.reason)).toEqual([
      expect.stringMatching(`^NetworkPolicy default/test ingress\\[1\\]: .*${reason}`),
    ]);
    expect(hns.everything().filter((line) => line.startsWith('b '))).toEqual(held);
    const open = flows.filter(
      (flow) => flow.destination.words.at(-1) === 0x0a4d0003 && flow.source !== flow.destination && documentsAllow(hns.store, flow),
    );
    expect(open.filter(({ source, destination }) => source.words[0] !== destination.words[0])).toEqual([]);
    expect((await dataplane.apply(deltaBetween(second, first))).quarantined).toEqual([]);
  });

  it('DP82: of the suite refuses exactly the cases of the four features that Windows lacks', async () => {
    const refused: string[] = [];
    for (const { rule, state } of conformanceCases) {
      const { quarantined } = await createHnsDataplane({ door: openHns() }).apply(stateDelta(state, () => undefined));
      if (quarantined.length > 0) refused.push(rule);
    }
    expect(refused).toEqual(windowsLimits.map(({ rule }) => rule));
  });

  it('DP82: leaves an endpoint whose ACLs HNS does not take with the rules that it had, follows pods for them, and tries again', async () => {
    const hns = openHns();
    const dataplane = createHnsDataplane({ door: hns });
    const modify = hns.modifyEndpoint.bind(hns);
    hns.modifyEndpoint = (id, request) =>
      id === 'b' && JSON.stringify(request).includes('"443"') ? Promise.reject(new HnsError('no room', '0x8007000e')) : modify(id, request);
    const into = (): string[] =>
      flows
        .filter(({ source, destination }) => destination.words[0] === 0x0a4d0002 && source.words[0] !== 0x0a4d0002)
        .filter((flow) => documentsAllow(hns.store, flow))
        .map(({ source, protocol, destinationPort }) => `${formatAddress(source)} ${protocol} ${destinationPort}`);
    const state = (port: number, clients: Readonly<Partial<Record<'a' | 'c', 'member'>>>): Delta =>
      stateDelta({ sets: { clients }, ingress: { b: [{ peer: ['clients'], protocol: tcp, ports: [port] }] } }, () => undefined);
    const [before, rejected, more] = [state(80, { a: 'member' }), state(443, { a: 'member' }), state(443, { a: 'member', c: 'member' })];
    await dataplane.apply(before);
    expect(into()).toEqual(['10.77.0.1 6 80']);
    const report = await dataplane.apply(deltaBetween(before, rejected));
    expect(report).toMatchObject({ quarantined: [{ reason: 'HNS rejects it: no room' }], retryInMs: expect.any(Number) as number });
    expect(into()).toEqual(['10.77.0.1 6 80']);
    await dataplane.apply(deltaBetween(rejected, more));
    expect(into()).toEqual(['10.77.0.1 6 80', '10.77.0.3 6 80']);
    expect(await dataplane.resync()).toEqual({ drifted: [], repaired: false });
    hns.modifyEndpoint = modify;
    await vi.waitFor(async () => expect((await dataplane.apply(emptyDelta)).quarantined).toEqual([]), { timeout: 30_000, interval: 100 });
    expect(into()).toEqual(['10.77.0.1 6 443', '10.77.0.3 6 443']);
    const fresh = openHns();
    await createHnsDataplane({ door: fresh }).apply(more);
    expect(hns.everything()).toEqual(fresh.everything());
  });

  it('DP82: closes an endpoint that was open and whose ACLs HNS does not take, goes on with all others, and tries again', async () => {
    const hns = openHns();
    const dataplane = createHnsDataplane({ door: hns });
    const open = stateDelta({ sets: { one: { a: 'member' } } }, () => undefined);
    await dataplane.apply(open);
    const modify = hns.modifyEndpoint.bind(hns);
    hns.modifyEndpoint = (id, request) =>
      id === 'b' && JSON.stringify(request).includes('"80"') ? Promise.reject(new HnsError('no room', '0x8007000e')) : modify(id, request);
    const rules = [{ peer: ['one'], protocol: tcp, ports: [80] }];
    const isolated = stateDelta({ sets: { one: { a: 'member' } }, ingress: { b: rules, c: rules } }, () => undefined);
    const report = await dataplane.apply(deltaBetween(open, isolated));
    expect(report).toMatchObject({ quarantined: [{ reason: 'HNS rejects it: no room' }], retryInMs: expect.any(Number) as number });
    const allowed = (to: number): Flow[] =>
      flows.filter((flow) => flow.destination.words[0] === to && flow.source.words[0] !== to && documentsAllow(hns.store, flow));
    expect(allowed(0x0a4d0002)).toEqual([]);
    expect(allowed(0x0a4d0003).map(describeFlow)).toEqual([JSON.stringify([[0x0a4d0001], [0x0a4d0003], tcp, 80])]);
    expect(await dataplane.resync()).toEqual({ drifted: [], repaired: false });
    hns.modifyEndpoint = modify;
    await vi.waitFor(async () => expect((await dataplane.apply(emptyDelta)).quarantined).toEqual([]), { timeout: 30_000, interval: 100 });
    expect(allowed(0x0a4d0002).length).toBe(1);
  });

  it('DP83: splits blocks around holes within its bound, and refuses what takes more', async () => {
    const hns = openHns();
    const dataplane = newDataplane(hns);
    const holes = Array.from({ length: 200 }, (_, i) => `10.${i}.77.77/32`).join(' except ');
    const state = (block: string): Delta =>
      stateDelta({ ranges: { [block]: [block] }, ingress: { b: [{ peer: [block] }] } }, () => undefined);
    const few = state('10.0.0.0/8 except 10.1.0.0/16');
    expect((await dataplane.apply(few)).quarantined).toEqual([]);
    const many = await dataplane.apply(deltaBetween(few, state(`10.0.0.0/8 except ${holes}`)));
    expect(many.quarantined.map(({ reason }) => reason)).toEqual([expect.stringContaining('more than 2201 blocks')]);
  });

  it('takes a long list of blocks that make up a range, which is no block with exceptions', async () => {
    const engine = new Engine({ node: 'n', target: enforcementTarget('kubernetes', 'windows') });
    for (const source of engine.sources) engine.setInSync(source);
    // From 10.77.0.1 to 10.77.0.40.
    const from = Array.from({ length: 40 }, (_, i) => ({ ipBlock: { cidr: `10.77.0.${i + 1}/32` } }));
    engine.upsertNamespace({ metadata: { name: 'x', uid: 'x' } });
    engine.upsertNetworkPolicy({ metadata: { name: 'p', namespace: 'x', uid: 'p' }, spec: { podSelector: {}, ingress: [{ from }] } });
    engine.attach({ uid: 'b', namespace: 'x', name: 'b', interface: 'b', addresses: [defined(parseAddress(hostAddresses.b[4]), 'b')] });
    engine.upsertPod({
      metadata: { name: 'b', namespace: 'x', uid: 'b' },
      spec: { nodeName: 'n', containers: [] },
      status: { phase: 'Running', podIP: hostAddresses.b[4], podIPs: [{ ip: hostAddresses.b[4] }] },
    });
    const hns = new DocumentsInMemory([{ id: 'b', addresses: [hostAddresses.b[4]] }]);
    expect((await createHnsDataplane({ door: hns }).apply(engine.flush())).quarantined).toEqual([]);
    const sources = flows.filter((flow) => flow.destination.words[0] === 0x0a4d0002 && documentsAllow(hns.store, flow));
    expect(new Set(sources.map(({ source }) => formatAddress(source)))).toEqual(new Set([1, 2, 3].map((i) => `10.77.0.${i}`)));
  });

  it('DP84: puts back what others changed and says what, and leaves alone what is theirs', async () => {
    const hns = openHns();
    const foreign = { Id: 'azure-npm-343gyx4g1wf87lwlewvk', Name: 'ns-x', PolicyType: 'IPSET', Values: '10.0.0.1' };
    const nat = { Type: 'OutBoundNAT', Settings: { VirtualIP: '10.0.0.4' } };
    const change = (
      RequestType: 'Add' | 'Update' | 'Remove',
      Policies: readonly { readonly Type: string; readonly Settings: unknown }[],
    ) => ({
      ResourceType: 'Policy',
      RequestType,
      Settings: { Policies },
    });
    hns.store.modifyNetwork(change('Add', [{ Type: 'SetPolicy', Settings: foreign }]));
    hns.store.modifyEndpoint(
      'b',
      change('Add', [nat, { Type: 'ACL', Settings: { Id: 'azure-acl-x', Action: 'Allow', Direction: 'Out', Priority: 65_499 } }]),
    );
    const theirs = hns.everything();
    const dataplane = newDataplane(hns);
    await dataplane.apply(
      stateDelta({ sets: { one: { a: 'member', c: 'member' } }, ingress: { b: [{ peer: ['one'], protocol: tcp }] } }, () => undefined),
    );
    const right = hns.everything();
    const ownClass = defined(
      hns.store.networkPolicies().find(({ Settings }) => JSON.stringify(Settings).includes('"class ')),
      'a class',
    );
    hns.store.modifyNetwork(change('Update', [{ ...ownClass, Settings: { ...(ownClass.Settings as object), Values: '10.77.0.9' } }]));
    hns.store.modifyEndpoint('b', change('Update', []));
    const report = await dataplane.resync();
    expect(report).toEqual({ drifted: [expect.stringContaining('has other members'), 'ACLs of endpoint b'], repaired: true });
    // What others lost of their own is theirs to put back.
    expect(hns.everything()).toEqual(right.filter((line) => !line.includes('azure-acl-x') && !line.includes('OutBoundNAT')));
    hns.store.modifyEndpoint(
      'b',
      change('Add', [nat, { Type: 'ACL', Settings: { Id: 'azure-acl-x', Action: 'Allow', Direction: 'Out', Priority: 65_499 } }]),
    );
    await dataplane.remove();
    expect(hns.everything()).toEqual(theirs);
  });

  it('DP85: closes endpoints that come without an acknowledged pod, and tells of ACLs that others take away', async () => {
    const hns = openHns();
    const dataplane = newDataplane(hns);
    await dataplane.apply(stateDelta({}, () => undefined));
    let told = 0;
    dataplane.watch(() => told++);
    hns.store.putEndpoint({ id: 'late', addresses: ['10.77.0.200'], interface: 'late', policies: [] });
    const flow = { ...defined(flows[0], 'a flow'), destination: defined(parseAddress('10.77.0.200'), 'late') };
    await vi.waitFor(() => expect(documentsAllow(hns.store, flow)).toBe(false), 30_000);
    expect(told).toBe(0);
    hns.store.modifyEndpoint('late', { ResourceType: 'Policy', RequestType: 'Update', Settings: { Policies: [] } });
    await vi.waitFor(() => expect(told).toBeGreaterThan(0), 30_000);
    expect((await dataplane.resync()).drifted).toEqual(['ACLs of endpoint late']);
    await dataplane.close();
  });

  it('says that there is no network when no CNI has made one, and has nothing to take away then', async () => {
    const hns = openHns();
    hns.networks = async () => [{ ID: 'other', Name: 'nat', Policies: [] }];
    await expect(newDataplane(hns).apply(stateDelta({}, () => undefined))).rejects.toThrow('HNS has no network named azure or Calico');
    await expect(newDataplane(hns).remove()).resolves.toBeUndefined();
  });
});
