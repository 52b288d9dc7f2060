/** What is written for readers of Hubble's JSON. */
import { describeFlow, hubbleJson, type ObservedDecision, type ObservedFlow, readFlowLogLine } from '@weir/flows';
import { defined, parseAddress, protocolNumber } from '@weir/net';
import { Random } from '@weir/testkit';
import { describe, expect, it } from 'vitest';
import { problemsOf, type Spelling, spelt } from './hubble-definition.ts';

const address = (text: string): NonNullable<ReturnType<typeof parseAddress>> => defined(parseAddress(text), 'this is an address');

const base: ObservedFlow = {
  format: 'weir',
  time: '2026-01-31T12:00:00.000Z',
  node: 'n1',
  verdict: 'deny',
  source: { namespace: 'demo', pod: 'client', address: address('10.0.0.1'), port: 40_000 },
  destination: { namespace: 'demo', pod: 'server', address: address('10.0.0.2'), port: 80 },
  protocol: protocolNumber.TCP,
  ingress: { verdict: 'deny', reason: 'no rule', policies: [{ kind: 'NetworkPolicy', namespace: 'demo', name: 'web' }] },
  isReply: false,
  count: 1,
};

describe("an observed flow in Hubble's JSON", () => {
  it('has the names, numbers and labels that hubble observe -o json prints', () => {
    const facts = { labels: { app: 'client', 'pod-template-hash': 'x' }, workload: { kind: 'Deployment', name: 'client' } };
    expect(hubbleJson(base, (pod) => (pod === 'demo/client' ? facts : undefined))).toEqual({
      flow: {
        time: '2026-01-31T12:00:00.000Z',
        verdict: 'DROPPED',
        drop_reason: 133,
        drop_reason_desc: 'POLICY_DENIED',
        IP: { source: '10.0.0.1', destination: '10.0.0.2', ipVersion: 'IPv4' },
        l4: { TCP: { source_port: 40_000, destination_port: 80, flags: { SYN: true } } },
        source: {
          namespace: 'demo',
          labels: ['k8s:app=client', 'k8s:pod-template-hash=x', 'k8s:io.kubernetes.pod.namespace=demo'],
          pod_name: 'client',
          workloads: [{ kind: 'Deployment', name: 'client' }],
        },
        destination: { namespace: 'demo', labels: ['k8s:io.kubernetes.pod.namespace=demo'], pod_name: 'server' },
        Type: 'L3_L4',
        node_name: 'n1',
        is_reply: false,
        event_type: { type: 1, sub_type: 133 },
        traffic_direction: 'INGRESS',
        Summary: 'TCP Flags: SYN',
      },
      node_name: 'n1',
      time: '2026-01-31T12:00:00.000Z',
    });
  });

  it('has the names under which a destination outside was asked for, as the log of the agent has them', () => {
    const line = {
      time: '2026-01-31T12:00:00.000Z',
      node: 'n1',
      verdict: 'allow',
      source: { pod: 'demo/client', ip: '10.0.0.1', port: 40_000 },
      destination: { ip: '203.0.113.7', port: 443, names: ['api.example.com', 'www.example.com'] },
      protocol: 'TCP',
    };
    const read = readFlowLogLine(JSON.stringify(line));
    const flow = read.kind === 'flow' ? read.flow : undefined;
    expect(hubbleJson(defined(flow, 'the line is a flow')).flow).toMatchObject({
      destination: { identity: 2, labels: ['reserved:world'] },
      destination_names: ['api.example.com', 'www.example.com'],
    });
    expect(problemsOf(hubbleJson(defined(flow, 'the line is a flow')))).toEqual([]);
    expect(describeFlow(defined(flow, 'the line is a flow')).destination).toBe('203.0.113.7:443 (api.example.com, www.example.com)');
  });

  it('names the policy whose rule allows or denies, and what is no pod by what is reserved for it', () => {
    const policies = [{ kind: 'NetworkPolicy', namespace: 'demo', name: 'web' }];
    const { ingress: _, ...rest } = base;
    const allowed = hubbleJson({ ...rest, verdict: 'allow', egress: { verdict: 'allow', reason: 'rule', policies } }).flow;
    expect(allowed).toMatchObject({
      verdict: 'FORWARDED',
      egress_allowed_by: policies,
      event_type: { type: 5 },
      traffic_direction: 'EGRESS',
    });
    expect(allowed.drop_reason).toBeUndefined();
    const denied = hubbleJson({ ...rest, egress: { verdict: 'deny', reason: 'rule', policies } }).flow;
    expect(denied).toMatchObject({ drop_reason_desc: 'POLICY_DENY', egress_denied_by: policies });
    const ends = hubbleJson({ ...base, source: { address: address('203.0.113.1') }, destination: { is: 'node', name: 'n1' } }).flow;
    expect([ends.source, ends.destination]).toEqual([
      { identity: 2, labels: ['reserved:world'] },
      { identity: 1, labels: ['reserved:host'] },
    ]);
    expect(ends.IP).toBeUndefined();
  });

  it.each(Array.from({ length: 40 }, (_, i) => 4_100 + i))(
    'is what a strict decoder of the definition takes, and is read back as the flow that it was, seed %i',
    (seed) => {
      const random = new Random(seed);
      const pick = <T>(...all: readonly T[]): T => all[random.integer(0, all.length - 1)] as T;
      const verdict = pick('allow' as const, 'deny' as const);
      const protocol = pick(protocolNumber.TCP, protocolNumber.UDP, protocolNumber.SCTP, protocolNumber.ICMP);
      const isIcmp = protocol === protocolNumber.ICMP;
      const end = (...more: Partial<ObservedFlow['source']>[]): ObservedFlow['source'] => ({
        address: address(`10.0.${random.integer(0, 9)}.${random.integer(1, 9)}`),
        ...(isIcmp ? {} : { port: random.integer(1, 65_535) }),
        ...pick<Partial<ObservedFlow['source']>>(
          { namespace: 'a', pod: 'p', labels: { app: 'x', tier: 'y=z' } },
          { is: 'outside' },
          { is: 'node', name: 'n1' },
          ...more,
        ),
      });
      const policies = [{ kind: 'NetworkPolicy', namespace: 'a', name: 'p' }];
      const destination = end({ is: 'service', name: 'a/s' });
      const flow: ObservedFlow = {
        format: 'hubble',
        time: '2026-01-31T12:00:00.000Z',
        node: 'n1',
        verdict,
        source: end(),
        destination,
        protocol,
        ...(isIcmp ? { icmp: { type: random.integer(0, 255), code: random.integer(0, 3) } } : {}),
        [pick('egress', 'ingress')]: pick<ObservedDecision>(
          { verdict, reason: 'rule' as const, policies },
          verdict === 'allow' ? { verdict, reason: 'other' as const, policies: [] } : { verdict, reason: 'no rule' as const, policies: [] },
        ),
        ...(destination.is === 'service' || (destination.is !== 'outside' && random.integer(0, 1) === 1)
          ? { service: { namespace: 'a', name: 's' } }
          : {}),
        isReply: false,
        count: 1,
      };
      const text = JSON.stringify(hubbleJson(flow, () => ({ labels: { app: 'x' }, workload: { kind: 'Deployment', name: 'x' } })));
      expect(problemsOf(JSON.parse(text))).toEqual([]);
      expect(readFlowLogLine(JSON.stringify(hubbleJson(flow)))).toEqual({ kind: 'flow', flow });
      const spelling: Spelling = { names: pick('file', 'script'), enums: pick('names', 'numbers'), defaults: pick('written', 'left out') };
      const { flow: other, ...around } = spelt(hubbleJson(flow), spelling) as Record<string, unknown>;
      // Older versions print the flow without what is around it.
      for (const line of [{ flow: other, ...around }, other])
        expect(readFlowLogLine(JSON.stringify(line)), JSON.stringify(line)).toEqual({ kind: 'flow', flow });
    },
  );

  it('has the name of the service that was spoken to, and none where the address alone is known', () => {
    const service = { ip: '10.0.0.9', port: 443, namespace: 'demo', name: 'web' };
    const named = { ...base, service };
    expect(hubbleJson(named).flow.destination_service).toEqual({ name: 'web', namespace: 'demo' });
    expect(problemsOf(JSON.parse(JSON.stringify(hubbleJson(named))))).toEqual([]);
    expect(describeFlow(named).destination).toBe('demo/server:80 via service demo/web:443');
    const { name: _, namespace: __, ...address } = service;
    expect(hubbleJson({ ...base, service: address }).flow.destination_service).toBeUndefined();
    expect(describeFlow({ ...base, service: address }).destination).toBe('demo/server:80 via service 10.0.0.9:443');
  });

  it('would be refused by that decoder with another type or field', () => {
    const { flow } = hubbleJson(base);
    expect(problemsOf({ flow: { ...flow, drop_reason: '133', verdict: 'DENIED', nodeName: 'n1' } })).toEqual([
      '.flow.verdict is no Verdict: DENIED',
      '.flow.drop_reason is no uint32: 133',
      'Flow has no field nodeName',
    ]);
    expect(
      problemsOf({ flow: { l4: { TCP: {}, UDP: {} }, time: 'today', egress_allowed_by: [{ revision: 1 }] }, lost_events: {} }),
    ).toEqual([
      '.flow.l4 has several of a oneof: TCP, UDP',
      '.flow.time is no Timestamp: today',
      '.flow.egress_allowed_by[0].revision is no uint64: 1',
      ' has several of a oneof: flow, lost_events',
    ]);
  });
});
