/** Logs of three systems, read into one shape. */
import { describeFlow, FlowLogReader, type ObservedFlow, readFlowLogLine } from '@weir/flows';
import { describe, expect, it } from 'vitest';

const agentLine = {
  time: '2026-01-31T12:00:00.000Z',
  node: 'n1',
  verdict: 'allow',
  direction: 'both',
  source: { pod: 'demo/client', ip: '10.0.0.1', port: 40_000 },
  destination: { pod: 'demo/server', ip: '10.0.0.2', port: 8080 },
  service: { ip: '10.96.0.7', port: 80 },
  protocol: 'TCP',
  port: 8080,
  egress: { verdict: 'allow', isolatedBy: [], decidedBy: { reason: 'no policy', detail: 'not isolated' } },
  ingress: {
    verdict: 'allow',
    isolatedBy: [{ kind: 'NetworkPolicy', apiVersion: 'networking.k8s.io/v1', namespace: 'demo', name: 'web' }],
    decidedBy: {
      reason: 'rule',
      tier: 'default',
      kind: 'NetworkPolicy',
      apiVersion: 'networking.k8s.io/v1',
      namespace: 'demo',
      name: 'web',
      direction: 'ingress',
      rule: 0,
      peer: 1,
      action: 'allow',
    },
  },
};

const hubbleLine = {
  flow: {
    time: '2026-01-31T12:00:01.123456789Z',
    verdict: 'DROPPED',
    drop_reason: 133,
    drop_reason_desc: 'POLICY_DENIED',
    IP: { source: '10.0.1.116', destination: '10.0.1.117', ipVersion: 'IPv4' },
    l4: { TCP: { source_port: 38_160, destination_port: 8080, flags: { SYN: true } } },
    source: {
      ID: 4070,
      identity: 60_176,
      namespace: 'shop',
      labels: ['k8s:app=probe', 'k8s:io.kubernetes.pod.namespace=shop', 'k8s:io.cilium.k8s.policy.cluster=default'],
      pod_name: 'probe-6d8f-abcde',
      workloads: [{ name: 'probe', kind: 'Deployment' }],
    },
    destination: { ID: 2, identity: 2, labels: ['reserved:world'] },
    Type: 'L3_L4',
    node_name: 'kind/worker',
    traffic_direction: 'EGRESS',
    Summary: 'TCP Flags: SYN',
  },
  node_name: 'kind/worker',
  time: '2026-01-31T12:00:01.123456789Z',
};

/** As the file of Calico's enterprise edition has them. */
const calicoLine = {
  start_time: 1_769_860_800,
  end_time: 1_769_861_100,
  source_ip: null,
  source_name: '-',
  source_name_aggr: 'frontend-755cdc7957-*',
  source_namespace: 'default',
  source_port: null,
  source_type: 'wep',
  source_labels: { labels: ['app=frontend', 'pod-template-hash=755cdc7957'] },
  dest_ip: '10.48.127.224',
  dest_name: 'checkout-598d5b586d-wsvmz',
  dest_name_aggr: 'checkout-598d5b586d-*',
  dest_namespace: 'shop',
  dest_port: 5050,
  dest_type: 'wep',
  dest_labels: null,
  proto: 'tcp',
  action: 'deny',
  reporter: 'dst',
  policies: { all_policies: ['1|app|shop/app.checkout|deny|-1', '0|security|security.tenants|pass|0'] },
  num_flows: 3,
};

/** As Goldmane and Whisker have them. */
const whiskerLine = {
  start_time: '2026-01-31T12:00:00Z',
  end_time: '2026-01-31T12:00:15Z',
  action: 'Allow',
  source_name: 'frontend-755cdc7957-*',
  source_namespace: 'default',
  source_labels: 'app=frontend | tier=web',
  dest_name: 'pub',
  dest_namespace: '-',
  dest_labels: '',
  protocol: 'tcp',
  dest_port: 443,
  reporter: 'Src',
  policies: {
    enforced: [
      { kind: 'CalicoNetworkPolicy', name: 'out', namespace: 'default', tier: 'default', action: 'Allow', rule_index: 1, trigger: null },
    ],
    pending: [],
  },
};

function flow(line: object): ObservedFlow {
  const read = readFlowLogLine(JSON.stringify(line));
  if (read.kind !== 'flow') throw new Error(`it is ${read.kind}`);
  return read.flow;
}

describe('a line of a flow log', () => {
  it("of the agent's names pods, the service, and the rule of each direction with its place", () => {
    expect(describeFlow(flow(agentLine))).toEqual({
      time: '2026-01-31T12:00:00.000Z',
      verdict: 'allowed',
      protocol: 'TCP',
      source: 'demo/client:40000',
      destination: 'demo/server:8080 via service 10.96.0.7:80',
      node: 'n1',
      because: 'egress: not isolated; ingress: NetworkPolicy demo/web ingress[0].from[1]',
    });
  });

  it("of the agent's names the node that a pod is let talk to because it is its own", () => {
    const own = { verdict: 'allow', isolatedBy: [], decidedBy: { reason: 'profile', detail: 'own node' } };
    const { egress: _, service: _service, ...line } = { ...agentLine, source: { ip: '192.168.0.1', port: 40_000 }, ingress: own };
    expect(describeFlow(flow(line))).toMatchObject({ source: 'node n1:40000', because: 'ingress: own node' });
  });

  it('of the agent about a packet without ports has its message and names who isolates', () => {
    const ingress = { verdict: 'deny', isolatedBy: agentLine.ingress.isolatedBy, decidedBy: { reason: 'end of tier', tier: 'default' } };
    const { egress: _, service: _service, ...line } = agentLine;
    const denied = flow({ ...line, verdict: 'deny', protocol: 'ICMP', icmp: { type: 8, code: 0 }, ingress });
    expect(describeFlow(denied)).toMatchObject({
      verdict: 'denied',
      protocol: 'ICMP 8/0',
      source: 'demo/client',
      because: 'ingress: no rule; isolated by NetworkPolicy demo/web',
    });
  });

  it("of Hubble's has the labels that Kubernetes gave, the workload, and why it was dropped", () => {
    const read = flow(hubbleLine);
    expect(read).toMatchObject({
      format: 'hubble',
      verdict: 'deny',
      node: 'kind/worker',
      source: {
        namespace: 'shop',
        pod: 'probe-6d8f-abcde',
        labels: { app: 'probe' },
        workload: { kind: 'Deployment', name: 'probe' },
        port: 38_160,
      },
      destination: { is: 'outside', port: 8080 },
      egress: { verdict: 'deny', reason: 'no rule', policies: [] },
      isReply: false,
    });
    expect(read.source.labels).toEqual({ app: 'probe' });
    expect(read.ingress).toBeUndefined();
    const named = {
      ...hubbleLine.flow,
      drop_reason_desc: 'POLICY_DENY',
      egress_denied_by: [{ name: 'no-world', kind: 'CiliumClusterwideNetworkPolicy' }],
    };
    expect(describeFlow(flow(named)).because).toBe('egress: CiliumClusterwideNetworkPolicy no-world');
  });

  it("of Hubble's about a packet that answers says so, and one about something else than a connection is none", () => {
    const forwarded = {
      ...hubbleLine.flow,
      verdict: 'FORWARDED',
      is_reply: true,
      l4: { UDP: { source_port: 53, destination_port: 40_000 } },
    };
    expect(flow({ flow: forwarded })).toMatchObject({ verdict: 'allow', isReply: true });
    const synAck = {
      ...forwarded,
      is_reply: null,
      l4: { TCP: { source_port: 80, destination_port: 40_000, flags: { SYN: true, ACK: true } } },
    };
    expect(flow({ flow: synAck })).toMatchObject({ isReply: true });
    for (const line of [{ flow: { verdict: 'TRANSLATED' } }, { node_status: {} }, { agent_event: {} }])
      expect(readFlowLogLine(JSON.stringify(line))).toEqual({ kind: 'other' });
    expect(readFlowLogLine('{"lost_events":{"source":"PERF_EVENT_RING_BUFFER","num_events_lost":"7"},"node_name":"n"}')).toEqual({
      kind: 'dropped',
      events: 7,
      node: 'n',
    });
  });

  it("of Calico's stands for as many connections as it counts, and names pods by how their names begin", () => {
    expect(flow(calicoLine)).toMatchObject({
      format: 'calico',
      time: '2026-01-31T12:05:00.000Z',
      verdict: 'deny',
      count: 3,
      source: { namespace: 'default', podPrefix: 'frontend-755cdc7957-', labels: { app: 'frontend' } },
      destination: { namespace: 'shop', pod: 'checkout-598d5b586d-wsvmz', port: 5050 },
      ingress: { verdict: 'deny', reason: 'no rule', policies: [{ kind: 'NetworkPolicy', namespace: 'shop', name: 'app.checkout' }] },
    });
    const profile = { ...calicoLine, action: 'allow', policies: { all_policies: ['0|__PROFILE__|__PROFILE__.kns.shop|allow|0'] } };
    expect(flow(profile).ingress).toEqual({ verdict: 'allow', reason: 'other', policies: [] });
  });

  it("of Calico's is read as felix writes it, whose policies may have no rule, and staged ones say nothing", () => {
    const old = {
      ...calicoLine,
      source_ip: null,
      source_port: null,
      action: 'allow',
      proto: 'udp',
      policies: { all_policies: ['0|__PROFILE__|__PROFILE__.kns.kube-system|allow'] },
      num_flows: 41,
      num_flows_started: 37,
    };
    expect(flow(old)).toMatchObject({ verdict: 'allow', count: 37, ingress: { reason: 'other', policies: [] } });
    const staged = { ...old, policies: { all_policies: ['0|app|shop/app.staged:new|allow|0', '1|app|shop/app.checkout|allow|2'] } };
    expect(flow(staged).ingress).toEqual({
      verdict: 'allow',
      reason: 'rule',
      policies: [{ kind: 'NetworkPolicy', namespace: 'shop', name: 'app.checkout' }],
    });
  });

  it("of Calico's names the service that was spoken to, whose port may be told by its name alone", () => {
    const service = { dest_service_namespace: 'shop', dest_service_name: 'checkout', dest_service_port: 'http' };
    expect(flow({ ...calicoLine, ...service, dest_service_port_num: 80 }).service).toEqual({
      namespace: 'shop',
      name: 'checkout',
      port: 80,
    });
    expect(flow({ ...calicoLine, ...service }).service).toEqual({ namespace: 'shop', name: 'checkout' });
    const none = { dest_service_namespace: '-', dest_service_name: '-', dest_service_port: '-', dest_service_port_num: null };
    expect(flow({ ...calicoLine, ...none }).service).toBeUndefined();
    const key = { ...service, destServicePort: '8080', proto: 'tcp', reporter: 'Src', action: 'Allow' };
    expect(flow({ flow: { Key: key } }).service).toMatchObject({ name: 'checkout' });
  });

  it("of Goldmane's interface is read, numbers as texts and first rules without an index", () => {
    const message = {
      id: '7',
      flow: {
        Key: {
          sourceName: 'frontend-755cdc7957-*',
          sourceNamespace: 'default',
          sourceType: 'WorkloadEndpoint',
          destName: 'node-1',
          destType: 'HostEndpoint',
          destPort: '9100',
          proto: 'tcp',
          reporter: 'Src',
          action: 'Deny',
          policies: {
            enforcedPolicies: [
              {
                kind: 'EndOfTier',
                tier: 'default',
                action: 'Deny',
                ruleIndex: '-1',
                trigger: { kind: 'NetworkPolicy', name: 'web', namespace: 'default' },
              },
            ],
          },
        },
        startTime: '1769860800',
        endTime: '1769860815',
        sourceLabels: ['app=frontend'],
        numConnectionsStarted: '5',
      },
    };
    expect(flow(message)).toMatchObject({
      format: 'calico',
      time: '2026-01-31T12:00:15.000Z',
      verdict: 'deny',
      count: 5,
      source: { namespace: 'default', podPrefix: 'frontend-755cdc7957-', labels: { app: 'frontend' } },
      destination: { is: 'node', name: 'node-1', port: 9100 },
      egress: { reason: 'no rule', policies: [{ kind: 'NetworkPolicy', namespace: 'default', name: 'web' }] },
    });
    const [{ ruleIndex: _, trigger: __, ...hit } = { ruleIndex: '', trigger: {} }] = message.flow.Key.policies.enforcedPolicies;
    const allowed = { ...hit, kind: 'CalicoNetworkPolicy', name: 'out', action: 'Allow' };
    const key = { ...message.flow.Key, action: 'Allow', policies: { enforcedPolicies: [allowed] } };
    expect(flow({ flow: { ...message.flow, Key: key } }).egress).toMatchObject({ reason: 'rule', policies: [{ name: 'out' }] });
  });

  it("of Hubble's may have the names of JavaScript, and be about protocols that it does not tell", () => {
    const { node_name, drop_reason_desc, traffic_direction, source, l4, ...rest } = hubbleLine.flow;
    const { pod_name, ...end } = source;
    const { source_port, destination_port, flags } = l4.TCP;
    const named = {
      ...rest,
      nodeName: node_name,
      dropReasonDesc: drop_reason_desc,
      trafficDirection: traffic_direction,
      source: { ...end, podName: pod_name },
      l4: { TCP: { sourcePort: source_port, destinationPort: destination_port, flags } },
    };
    expect(flow({ flow: named, nodeName: node_name })).toEqual(flow(hubbleLine));
    for (const layer4 of [{ VRRP: { type: 1 } }, { IGMP: {} }, undefined])
      expect(readFlowLogLine(JSON.stringify({ flow: { ...hubbleLine.flow, l4: layer4 } }))).toEqual({ kind: 'other' });
  });

  it("of Hubble's may tell of no flow: of a lack, of nodes, of a packet without a verdict, in either spelling of its fields", () => {
    const read = (line: object): unknown => readFlowLogLine(JSON.stringify(line));
    for (const line of [
      { lost_events: { source: 'OBSERVER_EVENTS_QUEUE', num_events_lost: '12' }, node_name: 'n1' },
      { lostEvents: { source: 'OBSERVER_EVENTS_QUEUE', numEventsLost: '12' }, nodeName: 'n1' },
    ])
      expect(read(line)).toEqual({ kind: 'dropped', events: 12, node: 'n1' });
    const { verdict: _, ...withoutVerdict } = hubbleLine.flow;
    for (const line of [
      { node_status: { state_change: 'NODE_CONNECTED', node_names: ['n1'] } },
      { nodeStatus: { stateChange: 'NODE_CONNECTED', nodeNames: ['n1'] } },
      { agentEvent: { type: 'POLICY_UPDATED' } },
      { flow: withoutVerdict },
      withoutVerdict,
      { flow: { ...hubbleLine.flow, verdict: 'TRANSLATED' } },
    ])
      expect(read(line)).toEqual({ kind: 'other' });
  });

  it("of Hubble's names the service that was spoken to, and what is outside also by the family", () => {
    const destination = { identity: 9, labels: ['reserved:world-ipv4'] };
    const service = { name: 'web', namespace: 'shop' };
    expect(flow({ flow: { ...hubbleLine.flow, destination, destination_service: service } })).toMatchObject({
      destination: { is: 'service', name: 'shop/web' },
      service,
    });
    expect(flow({ flow: { ...hubbleLine.flow, destination } }).destination.is).toBe('outside');
  });

  it("of Whisker's is read, too", () => {
    expect(flow(whiskerLine)).toMatchObject({
      verdict: 'allow',
      source: { namespace: 'default', podPrefix: 'frontend-755cdc7957-', labels: { app: 'frontend', tier: 'web' } },
      destination: { is: 'outside', port: 443 },
      egress: { verdict: 'allow', reason: 'rule', policies: [{ kind: 'CalicoNetworkPolicy', namespace: 'default', name: 'out' }] },
    });
    expect(flow(whiskerLine).destination.namespace).toBeUndefined();
  });
});

describe('a reader of flow logs', () => {
  it('reads mixed formats in pieces of any size, and counts what it cannot read and what others left out', () => {
    const text = [
      JSON.stringify(agentLine),
      `2026-01-31T12:00:00.123456789Z stdout F ${JSON.stringify(hubbleLine)}`,
      'not json',
      '{"level":"info","time":"2026-01-31T12:00:00Z","msg":"agent started"}',
      '{"time":"2026-01-31T12:00:00Z","node":"n1","dropped":{"rate":3,"queue":1,"sink":0}}',
      '',
      '{"a":1}',
      JSON.stringify(calicoLine),
    ].join('\n');
    for (const size of [1, 7, 100, text.length]) {
      const reader = new FlowLogReader();
      const lines = [];
      for (let at = 0; at < text.length; at += size) lines.push(...reader.push(text.slice(at, at + size)));
      lines.push(...reader.finish());
      expect(lines.map((line) => (line.kind === 'flow' ? line.flow.format : line.kind))).toEqual([
        'weir',
        'hubble',
        'broken',
        'dropped',
        'broken',
        'calico',
      ]);
      expect(reader.counts).toEqual({ flows: 3, broken: 2, firstBroken: 'line 3: no JSON: not json', dropped: 4 });
    }
  });

  it('takes what others put around a line, and says how lines have to be that are none', () => {
    const text = JSON.stringify(hubbleLine);
    for (const line of [
      `\uFEFF${text}\r`,
      `2026-01-31T12:00:00.123456789Z ${text}`,
      `[pod/cilium-x2/hubble] 2026-01-31T12:00:00.123456789Z ${text}`,
      JSON.stringify({ log: `${text}\n`, stream: 'stdout', time: '2026-01-31T12:00:00.123456789Z' }),
    ])
      expect(readFlowLogLine(line), line).toEqual(readFlowLogLine(text));
    expect(readFlowLogLine(`[${text}]`)).toEqual({
      kind: 'broken',
      problem: expect.stringContaining("a list, and not one object a line (jq -c '.[]')") as string,
    });
    expect(readFlowLogLine('{')).toEqual({ kind: 'broken', problem: 'no JSON: { (an object has to be on one line: jq -c)' });
  });

  it('takes no name of an object of the language for a word of a log', () => {
    for (const word of ['constructor', '__proto__', 'toString']) {
      const broken = [
        { flow: { ...hubbleLine.flow, verdict: word } },
        { ...calicoLine, proto: word },
        { ...agentLine, protocol: word },
        { ...calicoLine, action: word },
      ];
      for (const line of broken) expect(readFlowLogLine(JSON.stringify(line))).toMatchObject({ kind: 'broken' });
      expect(flow({ ...calicoLine, source_type: word }).source.namespace).toBeUndefined();
    }
  });

  it('counts what was left out since the moment that is asked for', () => {
    const left = (minute: number, rate: number): string =>
      JSON.stringify({ time: `2026-01-31T12:0${minute}:00Z`, node: 'n1', dropped: { rate } });
    const text = `${left(1, 5)}\n${left(2, 7)}\n{"lost_events":{"num_events_lost":"9"}}\n`;
    const counted = (sinceMs?: number): number => {
      const reader = new FlowLogReader({ sinceMs });
      reader.push(text);
      return reader.counts.dropped;
    };
    expect([counted(), counted(Date.parse('2026-01-31T12:01:30Z'))]).toEqual([21, 16]);
  });

  it('keeps no line that never ends', () => {
    const reader = new FlowLogReader();
    for (let i = 0; i < 40; i++) expect(reader.push('x'.repeat(100_000))).toEqual([]);
    expect(reader.push(`\n${JSON.stringify(agentLine)}\n`)).toMatchObject([{ kind: 'flow' }]);
    expect(reader.counts).toMatchObject({ flows: 1, broken: 1, firstBroken: 'line 1: a line that is longer than any log writes' });
  });
});
