/** What the flow log does with events, whatever the data plane and the sink do. */
import { Engine } from '@weir/calc';
import { type Address, defined, type Flow, formatAddress, parseAddress, protocolNumber } from '@weir/net';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { FlowLog } from '../../src/flows/flow-log.ts';
import type { FlowSink } from '../../src/flows/flow-sink.ts';
import { RecentAttempts } from '../../src/flows/recent-attempts.ts';
import { flowMetrics } from '../../src/metrics/flow-metrics.ts';
import { FaultyDataplane } from '../support/faulty-dataplane.ts';

const flow = (destinationPort: number): Flow => ({
  source: defined(parseAddress('10.0.0.9'), 'source'),
  destination: defined(parseAddress('10.0.0.1'), 'destination'),
  protocol: protocolNumber.TCP,
  sourcePort: 40_000,
  destinationPort,
});

class Setup {
  readonly engine: Engine = new Engine({ node: 'n1' });
  readonly dataplane: FaultyDataplane = new FaultyDataplane();
  readonly written: Record<string, unknown>[] = [];
  isFull = false;
  readonly log: FlowLog;

  constructor() {
    for (const source of this.engine.sources) this.engine.setInSync(source);
    this.engine.upsertNamespace({ metadata: { name: 'shop' } });
    this.engine.upsertPod({
      metadata: { namespace: 'shop', name: 'web', uid: 'web' },
      spec: { nodeName: 'n1', containers: [] },
      status: { podIPs: [{ ip: '10.0.0.1' }] },
    });
    this.engine.flush();
    const sink: FlowSink = {
      write: (lines) => {
        if (this.isFull) throw new Error('no space is left');
        for (const line of lines) this.written.push(JSON.parse(line) as Record<string, unknown>);
        return lines.length;
      },
      close: () => undefined,
    };
    const { engine, dataplane } = this;
    const namesOf = (address: Address): readonly string[] => (formatAddress(address) === '203.0.113.7' ? ['api.example.com'] : []);
    this.log = new FlowLog({ engine, dataplane, sink, log: pino({ enabled: false }), isOwnAddress: () => false, namesOf });
  }

  async run(): Promise<void> {
    this.log.start();
    await new Promise((resolve) => setImmediate(resolve));
    await this.log.close();
  }
}

describe('the flow log', () => {
  it('tells the names under which a destination outside was asked for', async () => {
    const setup = new Setup();
    const outside = { ...flow(443), source: flow(443).destination, destination: defined(parseAddress('203.0.113.7'), 'outside') };
    setup.dataplane.flowEvents.push({ kind: 'allowed', flow: outside }, { kind: 'denied', flow: flow(80), direction: 'ingress' });
    await setup.run();
    expect(setup.written.map(({ destination }) => destination)).toEqual([
      { ip: '203.0.113.7', port: 443, names: ['api.example.com'] },
      expect.not.objectContaining({ names: expect.anything() as unknown }),
    ]);
  });

  it('says that the state has changed where the rules of now would not have done what the kernel did', async () => {
    const setup = new Setup();
    setup.dataplane.flowEvents.push({ kind: 'denied', flow: flow(80), direction: 'ingress' });
    await setup.run();
    expect(setup.written).toEqual([
      expect.objectContaining({
        verdict: 'deny',
        direction: 'ingress',
        ingress: { verdict: 'deny', decidedBy: { reason: 'state changed' } },
      }),
    ]);
    expect(setup.log.counts).toEqual({ written: 1, repeated: 0, dropped: { rate: 0, queue: 0, sink: 0 } });
  });

  it('tells what a rule logs beside the connection itself, once for each direction, with the verdict that is known', async () => {
    const setup = new Setup();
    const logged = { kind: 'logged', flow: flow(80), direction: 'ingress' } as const;
    setup.dataplane.flowEvents.push({ kind: 'allowed', flow: flow(80) }, logged, logged, { ...logged, flow: flow(81), verdict: 'deny' });
    await setup.run();
    expect(setup.written).toEqual([
      expect.not.objectContaining({ logged: true }),
      expect.objectContaining({ logged: true, verdict: 'allow', direction: 'ingress', port: 80 }),
      // The engine's state of now says something else.
      expect.objectContaining({
        logged: true,
        verdict: 'deny',
        port: 81,
        ingress: { verdict: 'deny', decidedBy: { reason: 'state changed' } },
      }),
    ]);
    expect(setup.log.counts.repeated).toBe(1);
  });

  it('leaves out allowed connections of which no end is a pod of this node', async () => {
    const setup = new Setup();
    const elsewhere = { ...flow(80), destination: defined(parseAddress('10.0.0.7'), 'elsewhere') };
    setup.dataplane.flowEvents.push({ kind: 'allowed', flow: elsewhere }, { kind: 'allowed', flow: flow(81) });
    await setup.run();
    expect(setup.written).toEqual([expect.objectContaining({ verdict: 'allow', direction: 'ingress', port: 81 })]);
  });

  it('counts what the kernel dropped, what was sent again, and what the sink refused, and says what is missing', async () => {
    const setup = new Setup();
    const denied = { kind: 'denied', flow: flow(80), direction: 'ingress' } as const;
    setup.dataplane.flowEvents.push(
      denied,
      denied,
      { kind: 'dropped', reason: 'rate', events: 7 },
      { kind: 'dropped', reason: 'queue', events: 1 },
    );
    await setup.run();
    expect(setup.log.counts).toEqual({ written: 1, repeated: 1, dropped: { rate: 7, queue: 1, sink: 0 } });
    expect(setup.written.at(-1)).toMatchObject({ node: 'n1', dropped: { rate: 7, queue: 1, sink: 0 } });

    const full = new Setup();
    full.isFull = true;
    full.dataplane.flowEvents.push(denied);
    await full.run();
    expect(full.log.counts.dropped.sink).toBe(1);
    expect(full.log.counts.written).toBe(0);
    const names = flowMetrics(setup.log.counts).flatMap((family) =>
      ('samples' in family ? family.samples : []).map(({ labels, value }) => [family.name, labels?.['reason'], value]),
    );
    expect(names).toEqual([
      ['weir_flow_events_total', undefined, 1],
      ['weir_flow_repeats_total', undefined, 1],
      ['weir_flow_events_dropped_total', 'rate', 7],
      ['weir_flow_events_dropped_total', 'queue', 1],
      ['weir_flow_events_dropped_total', 'sink', 0],
    ]);
  });
});

describe('attempts', () => {
  it('are told again after a minute, and forgotten by then', () => {
    const attempts = new RecentAttempts();
    expect([attempts.isNew('a', 0), attempts.isNew('a', 59_000), attempts.isNew('a', 61_000), attempts.isNew('a', 62_000)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  it('are remembered up to a limit', () => {
    const attempts = new RecentAttempts();
    for (let i = 0; i <= 10_000; i++) attempts.isNew(`${i}`, i / 1_000);
    expect(attempts.isNew('0', 20)).toBe(true);
    expect(attempts.isNew('10000', 20)).toBe(false);
  });
});
