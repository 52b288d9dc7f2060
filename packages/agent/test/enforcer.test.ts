/** One change after another into the data plane: nothing is lost, nobody waits for ever, faults end it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Engine, stateOf } from '@weir/calc';
import type { NetworkPolicy } from '@weir/kube';
import { assert, parseAddress } from '@weir/net';
import { pino } from 'pino';
import { describe, expect, it, vi } from 'vitest';
import { Enforcer } from '../src/enforcement/enforcer.ts';
import { EstablishedConnections } from '../src/enforcement/established-connections.ts';
import { transactionStepMs, transactionsAhead } from '../src/enforcement/transaction-pace.ts';
import { EnforcementError } from '../src/start-gate/settle-waiters.ts';
import { FaultyDataplane } from './support/faulty-dataplane.ts';

const patienceMs = 10_000;

class Setup {
  readonly engine: Engine = new Engine({ node: 'n1' });
  readonly dataplane: FaultyDataplane = new FaultyDataplane();
  readonly lines: { level: number; msg: string }[] = [];
  readonly faults: unknown[] = [];
  isReady = true;
  readonly enforcer: Enforcer = new Enforcer({
    engine: this.engine,
    dataplane: this.dataplane,
    log: pino({ level: 'info' }, { write: (line: string) => void this.lines.push(JSON.parse(line) as { level: number; msg: string }) }),
    ready: () => this.isReady,
    connections: new EstablishedConnections({
      engine: this.engine,
      dataplane: this.dataplane,
      isOwnAddress: () => false,
      isQuarantined: () => false,
    }),
    onReleased: () => undefined,
    onFault: (error) => this.faults.push(error),
  });

  constructor() {
    for (const source of this.engine.sources) this.engine.setInSync(source);
    this.engine.upsertNamespace({ metadata: { name: 'demo' } });
  }

  pod(name: string): string {
    const uid = `uid-${name}`;
    const address = parseAddress('10.0.0.1');
    assert(address !== undefined, 'it is an address');
    this.engine.upsertPod({ metadata: { namespace: 'demo', name, uid }, spec: { nodeName: 'n1', containers: [] } });
    this.engine.attach({ uid, namespace: 'demo', name, interface: 'veth0', addresses: [address] });
    this.enforcer.changed();
    return uid;
  }

  policy(name: string): void {
    const policy: NetworkPolicy = { metadata: { namespace: 'demo', name, uid: name }, spec: { podSelector: {}, policyTypes: ['Ingress'] } };
    this.engine.upsertNetworkPolicy(policy);
    this.enforcer.changed();
  }
}

describe('the enforcer', () => {
  it('applies nothing before the sources are in sync, then everything at once', async () => {
    const setup = new Setup();
    setup.isReady = false;
    setup.pod('a');
    const waiting = setup.enforcer.settled(patienceMs);
    await expect(setup.enforcer.settled(20)).rejects.toThrow(EnforcementError);
    expect(setup.dataplane.applied).toHaveLength(0);
    setup.isReady = true;
    setup.enforcer.changed();
    await waiting;
    expect(setup.dataplane.applied).toHaveLength(1);
    expect(setup.enforcer.state.inForce).toBe(true);
  });

  it('sends the first state although it is empty: it replaces what an earlier process left', async () => {
    const setup = new Setup();
    await setup.enforcer.settled(patienceMs);
    expect(setup.dataplane.applied).toHaveLength(1);
  });

  it('puts what comes together into one transaction, and what comes during one into the next', async () => {
    const setup = new Setup();
    for (let i = 0; i < 50; i++) setup.policy(`p${i}`);
    await setup.enforcer.settled(patienceMs);
    expect(setup.dataplane.applied).toHaveLength(1);
    setup.policy('first');
    await new Promise((resolve) => setImmediate(resolve));
    for (let i = 0; i < 50; i++) setup.pod('a');
    await setup.enforcer.settled(patienceMs);
    expect(setup.dataplane.applied.length).toBeLessThanOrEqual(3);
    expect(setup.dataplane.state).toEqual(stateOf(setup.engine));
  });

  it('spends a bounded number of transactions on a storm of changes, after which everything is in the kernel', async () => {
    const setup = new Setup();
    const startedAtMs = performance.now();
    for (let i = 0; i < 500; i++) {
      setup.pod(`p${i}`);
      await sleep(1);
    }
    await setup.enforcer.settled(patienceMs);
    const bound = transactionsAhead + (performance.now() - startedAtMs) / transactionStepMs;
    expect(setup.dataplane.applied.length).toBeGreaterThan(transactionsAhead);
    expect(setup.dataplane.applied.length).toBeLessThanOrEqual(bound);
    expect(setup.dataplane.state.endpoints.size).toBe(500);
    expect(setup.dataplane.state).toEqual(stateOf(setup.engine));
  });

  it('ends the connections of an address that a pod of another node lost, behind the rules, until that succeeds', async () => {
    const setup = new Setup();
    setup.pod('a');
    const remote = (status: object): void => {
      setup.engine.upsertPod({
        metadata: { namespace: 'demo', name: 'far', uid: 'far' },
        spec: { nodeName: 'n2', containers: [] },
        status,
      });
      setup.enforcer.changed();
    };
    remote({ podIPs: [{ ip: '10.0.0.9' }] });
    await setup.enforcer.settled(patienceMs);
    setup.dataplane.endFailures = 1;
    remote({ phase: 'Succeeded', podIPs: [{ ip: '10.0.0.9' }] });
    await vi.waitFor(() => expect(setup.dataplane.ended).toEqual(['10.0.0.9']), { timeout: patienceMs });
    setup.engine.detach('uid-a');
    setup.enforcer.changed();
    await setup.enforcer.settled(patienceMs);
    await setup.enforcer.close();
    // The data plane itself does so for addresses of its own endpoints.
    expect(setup.dataplane.ended).toEqual(['10.0.0.9']);
  });

  it('tries a failed change again together with what follows, and says once that it fails and once that it works', async () => {
    const setup = new Setup();
    const { next } = setup.dataplane;
    // Until the failure has been seen it stays, however slowly this process runs.
    next.push(...Array.from({ length: 100 }, () => 'lost' as const));
    setup.pod('a');
    setup.policy('closed');
    const settled = setup.enforcer.settled(patienceMs);
    await vi.waitFor(() => expect(setup.enforcer.state.failuresInARow).toBeGreaterThan(0), { timeout: patienceMs });
    await expect(setup.enforcer.settled(1)).rejects.toThrow('the kernel has no memory');
    expect(setup.enforcer.state).toMatchObject({ inForce: false, lastError: 'the kernel has no memory' });
    next.splice(0, next.length, 'kept', 'kept', 'lost');
    setup.engine.deleteNetworkPolicy('demo', 'closed');
    setup.enforcer.changed();
    await settled;
    await setup.enforcer.settled(patienceMs);
    expect(setup.dataplane.state).toEqual(stateOf(setup.engine));
    expect(setup.enforcer.state).toMatchObject({ inForce: true, failuresInARow: 0 });
    expect(setup.enforcer.state.lastError).toBeUndefined();
    expect(setup.lines.map(({ msg }) => msg)).toEqual([
      'a change could not be applied; the old rules stay in force',
      'changes are applied again',
    ]);
  });

  it('tells who waits when it is closed, and applies nothing afterwards', async () => {
    const setup = new Setup();
    setup.dataplane.next.push('lost');
    setup.pod('a');
    const waiting = setup.enforcer.settled(patienceMs);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await Promise.all([setup.enforcer.close(), expect(waiting).rejects.toThrow('stopping')]);
    setup.policy('late');
    await expect(setup.enforcer.settled(patienceMs)).rejects.toThrow('stopping');
    expect(setup.dataplane.applied).toHaveLength(1);
  });

  it('knows which endpoints have rules that cannot be enforced, until they can', async () => {
    const setup = new Setup();
    setup.dataplane.refusal = 'it is too strange';
    const uid = setup.pod('a');
    setup.policy('strange');
    await setup.enforcer.settled(patienceMs);
    expect(setup.enforcer.endpoints.quarantineOf(uid)).toBe('it is too strange');
    expect(setup.enforcer.endpoints.quarantined()).toEqual([{ uid, namespace: 'demo', name: 'a', reason: 'it is too strange' }]);
    setup.dataplane.refusal = undefined;
    setup.pod('b');
    await setup.enforcer.settled(patienceMs);
    expect(setup.enforcer.endpoints.quarantineOf(uid)).toBeUndefined();
    expect(setup.lines.map(({ msg }) => msg)).toEqual([
      'rules could not be enforced; their pods keep those of before, or are closed',
      'all rules are enforced',
    ]);
  });

  it('tries again what the kernel refuses when it is time, without any change, until it is in force', async () => {
    const setup = new Setup();
    setup.dataplane.refusal = 'the set is full';
    setup.dataplane.retryInMs = 20;
    const uid = setup.pod('a');
    setup.policy('large');
    await setup.enforcer.settled(patienceMs);
    await vi.waitFor(() => expect(setup.dataplane.applied.length).toBeGreaterThan(3), { timeout: patienceMs });
    expect(setup.enforcer.endpoints.quarantineOf(uid)).toBe('the set is full');
    setup.dataplane.refusal = undefined;
    await vi.waitFor(() => expect(setup.enforcer.endpoints.quarantineOf(uid)).toBeUndefined(), { timeout: patienceMs });
    const { length } = setup.dataplane.applied;
    setup.pod('b');
    await setup.enforcer.settled(patienceMs);
    expect(setup.dataplane.applied).toHaveLength(length + 1);
    expect(setup.enforcer.state).toMatchObject({ failuresInARow: 0, totals: { failures: 0 } });
  });

  it('reports a fault of the engine once and never runs in circles', async () => {
    const setup = new Setup();
    setup.engine.flush = () => {
      throw new TypeError('a fault');
    };
    setup.pod('a');
    await expect(setup.enforcer.settled(50)).rejects.toThrow(EnforcementError);
    setup.enforcer.changed();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(setup.faults).toEqual([new TypeError('a fault')]);
  });

  it('compares with the kernel in turn with the changes, repeats a comparison that failed, and says what had drifted', async () => {
    const setup = new Setup();
    setup.enforcer.resync();
    setup.pod('a');
    await setup.enforcer.settled(patienceMs);
    expect(setup.dataplane.resyncs).toBe(0);
    setup.dataplane.resyncFailures = 2;
    setup.dataplane.drifted = ['chain egress has other rules'];
    setup.enforcer.resync();
    setup.policy('p');
    await setup.enforcer.settled(patienceMs);
    const deadline = performance.now() + patienceMs;
    while (setup.enforcer.state.totals.drifts === 0 && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect(setup.dataplane.resyncs).toBe(3);
    expect(setup.enforcer.state).toMatchObject({ failuresInARow: 0, totals: { drifts: 1, repairs: 1 } });
    expect(setup.lines.map(({ msg }) => msg)).toContain('the kernel had drifted from the rules');
  });

  it('applies changes while a comparison takes its time', async () => {
    const setup = new Setup();
    setup.pod('a');
    await setup.enforcer.settled(patienceMs);
    let finish: () => void = () => undefined;
    setup.dataplane.untilCompared = () => new Promise((resolve) => (finish = resolve));
    setup.enforcer.resync();
    await expect.poll(() => setup.dataplane.resyncs, { timeout: patienceMs }).toBe(1);
    setup.policy('p');
    await setup.enforcer.settled(patienceMs);
    expect(setup.enforcer.state.totals.comparisons).toBe(0);
    finish();
    await expect.poll(() => setup.enforcer.state.totals.comparisons, { timeout: patienceMs }).toBe(1);
  });

  it('compares at once when others change the kernel, then less and less often, and says it once', async () => {
    const setup = new Setup();
    setup.pod('a');
    await setup.enforcer.settled(patienceMs);
    setup.dataplane.drifted = ['chain egress has other rules'];
    const times: number[] = [];
    setup.dataplane.untilCompared = async () => void times.push(performance.now());
    const deadline = performance.now() + patienceMs;
    while (times.length < 3 && performance.now() < deadline) {
      setup.dataplane.changedByOthers();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const [first = 0, second = 0, third = 0] = times;
    // Timers may be a millisecond early.
    expect(second - first).toBeGreaterThanOrEqual(490);
    expect(third - second).toBeGreaterThanOrEqual(990);
    expect(setup.lines.filter(({ msg }) => msg === 'the kernel had drifted from the rules')).toHaveLength(1);
    await setup.enforcer.close();
  });
});
