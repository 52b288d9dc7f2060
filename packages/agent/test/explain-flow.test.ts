/** The answer of `weir agent explain`, from a running engine. */
import { Engine } from '@weir/calc';
import type { KubeObject, NetworkPolicySpec } from '@weir/kube';
import { enforcementTarget } from '@weir/model';
import { type Address, compareAddresses, defined, parseAddress } from '@weir/net';
import { describe, expect, it } from 'vitest';
import { explainFlow, type FlowExplanation, parseExplainRequest } from '../src/explain-flow.ts';

const address = (text: string): Address => defined(parseAddress(text), text);
const nodeAddress = address('192.0.2.1');
const isOwnAddress = (one: Address): boolean => compareAddresses(one, nodeAddress) === 0;

function engineWith(policies: Readonly<Record<string, NetworkPolicySpec>>): Engine {
  const engine = new Engine({ node: 'n1' });
  for (const source of engine.sources) engine.setInSync(source);
  engine.upsertNamespace({ metadata: { name: 'shop' } });
  const pod = (name: string, nodeName: string, ips: readonly string[]): void =>
    engine.upsertPod({
      metadata: { namespace: 'shop', name, uid: name, labels: { app: name } },
      spec: { nodeName, containers: [] },
      status: { phase: 'Running', podIPs: ips.map((ip) => ({ ip })) },
    });
  pod('web', 'n1', ['10.0.0.1', 'fd00::1']);
  pod('db', 'n1', ['fd00::2']);
  pod('far', 'n2', ['10.0.1.1']);
  for (const [name, spec] of Object.entries(policies)) {
    engine.upsertNetworkPolicy({ metadata: { namespace: 'shop', name, uid: name }, spec });
  }
  engine.flush();
  return engine;
}

const ask = (engine: Engine, [source, destination]: readonly [string, string], port = 80): unknown =>
  explainFlow(
    { engine, isOwnAddress, quarantineOf: () => undefined, refusedHosts: () => [], lastFailure: undefined },
    { source, destination, protocol: 'TCP', port },
  );

describe('an explanation', () => {
  const fromFar: NetworkPolicySpec = {
    podSelector: { matchLabels: { app: 'web' } },
    ingress: [
      { from: [{ podSelector: { matchLabels: { app: 'db' } } }, { podSelector: { matchLabels: { app: 'far' } } }], ports: [{ port: 80 }] },
    ],
  };
  const engine = engineWith({ 'from-far': fromFar, deny: { podSelector: {}, policyTypes: ['Ingress'] } });

  it('names the rule that decides, by policy, place and id, and all policies that isolate', () => {
    const answer = ask(engine, ['192.0.2.9', 'shop/web'], 80) as FlowExplanation;
    expect(answer.verdict).toBe('deny');
    expect(answer.ingress?.decidedBy).toEqual({ reason: 'end of tier', tier: 'default' });
    expect(answer.ingress?.isolatedBy.map(({ name }) => name)).toEqual(['deny', 'from-far']);
    const allowed = ask(engine, ['shop/db', 'shop/web']) as FlowExplanation;
    expect(allowed.source.ip).toBe('fd00::2');
    expect(allowed.destination.ip).toBe('fd00::1');
    expect(allowed.ingress?.decidedBy).toMatchObject({
      reason: 'rule',
      name: 'from-far',
      direction: 'ingress',
      rule: 0,
      peer: 0,
      action: 'allow',
    });
    expect(allowed.ingress?.decidedBy.id).toMatch(/^\w+/);
  });

  it('is one of a message of ICMP where the question names one', () => {
    const calico = new Engine({ node: 'n1', target: enforcementTarget('calico') });
    for (const source of calico.sources) calico.setInSync(source);
    calico.upsertNamespace({ metadata: { name: 'shop' } });
    for (const [i, name] of ['web', 'db'].entries()) {
      calico.upsertPod({
        metadata: { namespace: 'shop', name, uid: name, labels: { app: name } },
        spec: { nodeName: 'n1', containers: [] },
        status: { phase: 'Running', podIPs: [{ ip: `10.0.0.${i + 1}` }] },
      });
    }
    calico.upsertPolicyObject('networkpolicies.crd.projectcalico.org', {
      apiVersion: 'crd.projectcalico.org/v1',
      kind: 'NetworkPolicy',
      metadata: { namespace: 'shop', name: 'ping', uid: 'ping' },
      spec: { selector: 'app == "web"', ingress: [{ action: 'Allow', protocol: 'ICMP', icmp: { type: 8, code: 0 } }] },
    } as KubeObject);
    calico.flush();
    const verdictOf = (icmp?: { type: number; code: number }): unknown =>
      explainFlow(
        { engine: calico, isOwnAddress, quarantineOf: () => undefined, refusedHosts: () => [], lastFailure: undefined },
        { source: 'shop/db', destination: 'shop/web', protocol: 'ICMP', ...(icmp === undefined ? {} : { icmp }) },
      );
    expect(verdictOf({ type: 8, code: 0 })).toMatchObject({ verdict: 'allow', icmp: { type: 8, code: 0 } });
    expect(verdictOf({ type: 13, code: 0 })).toMatchObject({ verdict: 'deny' });
    expect(verdictOf()).toMatchObject({ verdict: 'deny' });
  });

  it('leaves the other end to the agent of its node, unless this one denies already', () => {
    expect(ask(engine, ['shop/web', 'shop/far'])).toMatchObject({
      verdict: 'unknown',
      missing: [expect.stringContaining('ingress of shop/far')],
    });
    expect(ask(engine, ['shop/far', 'shop/web'], 81)).toMatchObject({ verdict: 'deny' });
  });

  it('Q2: lets a pod reach itself and the node its pods, and says so', () => {
    expect(ask(engine, ['shop/web', 'shop/web'])).toMatchObject({
      verdict: 'allow',
      ingress: { decidedBy: { reason: 'profile', detail: 'self' } },
    });
    expect(ask(engine, ['192.0.2.1', 'shop/web'], 81)).toMatchObject({ verdict: 'allow', ingress: { decidedBy: { detail: 'own node' } } });
  });

  it('says that a pod is closed of which the API server knows nothing', () => {
    const other = engineWith({});
    other.attach({ uid: 'x', namespace: 'shop', name: 'new', addresses: [address('10.0.0.9')] });
    other.flush();
    expect(ask(other, ['shop/far', '10.0.0.9'])).toMatchObject({
      verdict: 'deny',
      ingress: { decidedBy: { reason: 'profile', detail: 'unknown pod' } },
    });
  });

  it('says when the kernel may do something else', () => {
    const subject = {
      engine,
      isOwnAddress,
      quarantineOf: (uid: string) => (uid === 'web' ? 'too hard' : undefined),
      refusedHosts: () => [],
      lastFailure: 'no memory',
    };
    const answer = explainFlow(subject, { source: 'shop/db', destination: 'shop/web', protocol: 'TCP', port: 80 });
    expect(answer).toMatchObject({ verdict: 'allow', notInForce: ['the last change: no memory', 'shop/web: too hard'] });
    expect(ask(engine, ['shop/db', 'shop/web'])).not.toHaveProperty('notInForce');
  });

  it('is refused for ends that are unknown, elsewhere or of different families', () => {
    expect(ask(engine, ['shop/web', 'shop/nobody'])).toMatchObject({ code: 'not-found' });
    expect(ask(engine, ['shop/far', '203.0.113.1'])).toMatchObject({ code: 'not-found', problem: expect.stringContaining('node n1') });
    expect(ask(engine, ['shop/db', 'shop/far'])).toMatchObject({ code: 'invalid' });
    expect(ask(engine, ['web', 'shop/far'])).toMatchObject({ code: 'invalid' });
  });
});

describe('a question in a URL', () => {
  const read = (query: string): unknown => parseExplainRequest(new URLSearchParams(query));

  it('has two ends, a protocol and a port', () => {
    expect(read('source=a&destination=b&port=80')).toEqual({ source: 'a', destination: 'b', protocol: 'TCP', port: 80 });
    expect(read('source=a&destination=b&protocol=ICMP')).toEqual({ source: 'a', destination: 'b', protocol: 'ICMP' });
    expect(read('source=a&destination=b&protocol=ICMP&icmp=3/4')).toEqual({
      source: 'a',
      destination: 'b',
      protocol: 'ICMP',
      icmp: { type: 3, code: 4 },
    });
  });

  it.each([
    'source=a&port=80',
    'source=a&destination=b',
    'source=a&destination=b&port=65536',
    'source=a&destination=b&protocol=GRE&port=1',
    'source=a&destination=b&protocol=ICMP&icmp=256/0',
    'source=a&destination=b&protocol=ICMP&icmp=8',
  ])('is refused: %s', (query) => {
    expect(read(query)).toEqual({ problem: expect.any(String) });
  });
});

describe('an explanation of a flow to the node itself', () => {
  const stored = (kind: string, name: string, spec: object, labels = {}): KubeObject & { readonly spec: object } => ({
    apiVersion: 'crd.projectcalico.org/v1',
    kind,
    metadata: { name, uid: name, labels },
    spec,
  });

  function withHosts(...names: readonly string[]): Engine {
    const engine = new Engine({ node: 'n1', target: enforcementTarget('calico') });
    for (const source of engine.sources) engine.setInSync(source);
    for (const name of names)
      engine.upsertPolicyObject('hostendpoints.crd.projectcalico.org', stored('HostEndpoint', name, { node: 'n1', interfaceName: name }));
    engine.flush();
    return engine;
  }

  it('Q3 says what its host endpoint does, and that failsafe ports stay open', () => {
    const engine = withHosts('eth0');
    const denied = ask(engine, ['192.0.2.9', '192.0.2.1']) as FlowExplanation;
    expect(denied).toMatchObject({
      verdict: 'deny',
      hosts: [{ hostEndpoint: 'eth0', interfaces: ['eth0'], family: 'normal', direction: 'ingress', verdict: 'deny' }],
    });
    expect(ask(engine, ['192.0.2.9', '192.0.2.1'], 22)).toMatchObject({ verdict: 'allow', hosts: [{ decidedBy: { detail: 'failsafe' } }] });
    expect(ask(withHosts(), ['192.0.2.9', '192.0.2.1'])).toMatchObject({ code: 'not-found' });
  });
});
