import { type Address, defined, parseAddress, protocolNumber } from '@weir/net';
import { describe, expect, it } from 'vitest';
import {
  createPolicyWorld,
  type Endpoint,
  engineProfiles,
  evaluateFlow,
  explainQuestion,
  judgeQuestion,
  type Match,
  type Policy,
  type PolicyWorldOptions,
  questionOf,
  renderVerdict,
  type Selector,
  type Tier,
  verdictToJson,
} from '../src/index.ts';

const { TCP, UDP, ICMP } = protocolNumber;

function address(text: string): Address {
  return defined(parseAddress(text), text);
}

function pod(name: string, ip: string | undefined, options: Partial<Endpoint> & { labels_?: Record<string, string> } = {}): Endpoint {
  const { labels_ = {}, ...others } = options;
  return {
    uid: name,
    namespace: 'n',
    name,
    node: 'node1',
    addresses: ip === undefined ? [] : [address(ip)],
    labels: { pod: labels_, namespace: { team: 't' }, serviceAccount: {}, reserved: { namespace: 'n', name } },
    namedPorts: [],
    ...others,
  };
}

const app = (value: string): Selector => ({ kind: 'in', label: { space: 'pod', key: 'app' }, values: [value] });

function rule(
  action: 'allow' | 'deny' | 'pass' | 'log',
  match: Partial<Match>,
  name = 'p',
): NonNullable<Policy['ingress']>['rules'][number] {
  return {
    action,
    match: { source: {}, destination: {}, ...match },
    origin: {
      policy: { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', namespace: 'n', name },
      direction: 'ingress',
      ruleIndex: 0,
      peerIndex: 0,
    },
  };
}

function policy(name: string, subject: Selector, parts: Partial<Policy>): Policy {
  return {
    ref: { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', namespace: 'n', name },
    order: 1000,
    subject,
    staged: false,
    ...parts,
  };
}

const server = pod('server', '10.0.0.1', { labels_: { app: 'server' }, namedPorts: [{ name: 'web', protocol: TCP, port: 80 }] });
const client = pod('client', '10.0.0.2');
const other = pod('other', '10.0.0.3', { labels_: { app: 'client' }, node: 'node2' });
const nodes = [
  { name: 'node1', addresses: [address('10.0.0.250')] },
  { name: 'node2', addresses: [address('10.0.0.251')] },
];

function tier(policies: readonly Policy[], name = 'default', order = 1_000_000, end: Tier['end'] = 'deny'): Tier {
  return { name, order, end, policies };
}

function world(tiers: readonly Tier[], options: Partial<PolicyWorldOptions> = {}): ReturnType<typeof createPolicyWorld> {
  return createPolicyWorld({ tiers, endpoints: [server, client, other], nodes, ...options });
}

const demo = policy('demo', app('server'), {
  ingress: {
    isolates: true,
    rules: [rule('allow', { protocol: TCP, source: { selector: app('client') }, destination: { ports: [{ first: 80, last: 80 }] } })],
  },
});

function verdict(
  tiers: readonly Tier[],
  from: string,
  to: string,
  { port = 80, ...options }: Partial<PolicyWorldOptions> & { port?: number } = {},
): ReturnType<typeof evaluateFlow> {
  return evaluateFlow(world(tiers, options), { source: address(from), destination: address(to), protocol: TCP, destinationPort: port });
}

describe('evaluation', () => {
  it('NP4 a pod that no policy selects allows everything', () => {
    const result = verdict([tier([demo])], '10.0.0.1', '10.0.0.2');
    expect(result.verdict).toBe('allow');
    expect(result.ingress.decidedBy).toEqual({ reason: 'no policy', detail: 'not isolated' });
  });

  it('NP4 an isolated pod allows only what a rule allows', () => {
    expect(verdict([tier([demo])], '10.0.0.3', '10.0.0.1').ingress.decidedBy).toMatchObject({ reason: 'rule' });
    const denied = verdict([tier([demo])], '10.0.0.2', '10.0.0.1');
    expect(denied.verdict).toBe('deny');
    expect(denied.ingress.decidedBy).toEqual({ reason: 'end of tier', tier: 'default' });
    expect(denied.ingress.isolatedBy.map(({ policy: { name } }) => name)).toEqual(['demo']);
  });

  it('NP2 policies add up, whatever their order', () => {
    const more = policy('more', app('server'), { ingress: { isolates: true, rules: [rule('allow', {}, 'more')] } });
    for (const policies of [
      [demo, more],
      [more, demo],
    ])
      expect(verdict([tier(policies)], '10.0.0.2', '10.0.0.1').verdict).toBe('allow');
  });

  it('NP16 both ends must allow', () => {
    const egress = policy('egress', app('client'), { egress: { isolates: true, rules: [] } });
    const result = verdict([tier([demo, egress])], '10.0.0.3', '10.0.0.1');
    expect([result.egress.verdict, result.ingress.verdict, result.verdict]).toEqual(['deny', 'allow', 'deny']);
  });

  it('NP17 a pod always reaches itself', () => {
    const result = verdict(
      [tier([policy('x', { kind: 'all' }, { ingress: { isolates: true, rules: [] }, egress: { isolates: true, rules: [] } })])],
      '10.0.0.1',
      '10.0.0.1',
    );
    expect(result.verdict).toBe('allow');
    expect(result.ingress.decidedBy).toEqual({ reason: 'profile', detail: 'self' });
  });

  it('NP18 a node always reaches its own pods and no others', () => {
    expect(verdict([tier([demo])], '10.0.0.250', '10.0.0.1').ingress.decidedBy).toEqual({ reason: 'profile', detail: 'own node' });
    expect(verdict([tier([demo])], '10.0.0.251', '10.0.0.1').verdict).toBe('deny');
  });

  it('NP18 a pod reaches its own node only by its egress rules, but always under the azure profile', () => {
    const closed = tier([policy('x', { kind: 'all' }, { egress: { isolates: true, rules: [] } })]);
    expect(verdict([closed], '10.0.0.1', '10.0.0.250').verdict).toBe('deny');
    expect(verdict([closed], '10.0.0.1', '10.0.0.250', { profile: engineProfiles.azure }).verdict).toBe('allow');
  });

  it('NP8 selectors match no address outside the cluster, not even a negation or an empty one', () => {
    for (const selector of [{ kind: 'all' }, { kind: 'absent', label: { space: 'namespace', key: 'x' } }] as const) {
      const open = policy('open', app('server'), { ingress: { isolates: true, rules: [rule('allow', { source: { selector } })] } });
      expect(verdict([tier([open])], '192.0.2.1', '10.0.0.1').verdict).toBe('deny');
      expect(verdict([tier([open])], '10.0.0.251', '10.0.0.1').verdict).toBe('deny');
      expect(verdict([tier([open])], '10.0.0.2', '10.0.0.1').verdict).toBe('allow');
    }
  });

  it('NP10 an address block means pods and nodes too, but not under the cilium profile', () => {
    const nets = [{ first: address('10.0.0.0'), last: address('10.0.0.255') }];
    const block = policy('block', app('server'), { ingress: { isolates: true, rules: [rule('allow', { source: { nets } })] } });
    for (const from of ['10.0.0.2', '10.0.0.251', '10.0.0.77']) expect(verdict([tier([block])], from, '10.0.0.1').verdict).toBe('allow');
    expect(verdict([tier([block])], '10.0.0.2', '10.0.0.1', { profile: engineProfiles.cilium }).verdict).toBe('deny');
    expect(verdict([tier([block])], '10.0.0.77', '10.0.0.1', { profile: engineProfiles.cilium }).verdict).toBe('allow');
  });

  it('says why a port name of an egress rule is no port with an engine that takes it for one number in the cluster', () => {
    const allowed = rule('allow', { protocol: TCP, destination: { namedPorts: ['web'] } });
    const named = policy('named', app('client'), {
      egress: { isolates: true, rules: [{ ...allowed, origin: { ...allowed.origin, direction: 'egress' } }] },
    });
    const judge = (endpoints: readonly Endpoint[]): ReturnType<typeof evaluateFlow> =>
      verdict([tier([named])], '10.0.0.3', '10.0.0.2', { profile: engineProfiles.cilium, endpoints });
    expect(judge([server, client, other]).verdict).toBe('allow');
    const second = pod('second', '10.0.0.4', { namedPorts: [{ name: 'web', protocol: TCP, port: 8080 }] });
    const several = judge([server, client, other, second]);
    expect(several.verdict).toBe('deny');
    expect(renderVerdict(several).join('\n')).toContain('web (which has no number, or several, in this cluster, and is no port then)');
  });

  it("NP13 a named port is the destination's own, in the rule's protocol", () => {
    const named = policy(
      'named',
      { kind: 'all' },
      { ingress: { isolates: true, rules: [rule('allow', { protocol: TCP, destination: { namedPorts: ['web'] } })] } },
    );
    expect(verdict([tier([named])], '10.0.0.2', '10.0.0.1', { port: 80 }).verdict).toBe('allow');
    expect(verdict([tier([named])], '10.0.0.2', '10.0.0.1', { port: 81 }).verdict).toBe('deny');
    expect(verdict([tier([named])], '10.0.0.2', '10.0.0.3', { port: 80 }).verdict).toBe('deny');
    const flow = { source: address('10.0.0.2'), destination: address('10.0.0.1'), protocol: UDP, destinationPort: 80 };
    expect(evaluateFlow(world([tier([named])]), flow).verdict).toBe('deny');
  });

  it('NP11 a rule without ports allows protocols without ports, a rule with ports does not', () => {
    const ping = { source: address('10.0.0.3'), destination: address('10.0.0.1'), protocol: ICMP };
    expect(evaluateFlow(world([tier([demo])]), ping).verdict).toBe('deny');
    const open = policy('open', app('server'), { ingress: { isolates: true, rules: [rule('allow', {})] } });
    expect(evaluateFlow(world([tier([open])]), ping).verdict).toBe('allow');
  });
});

describe('tiers', () => {
  const denyAll = rule('deny', {}, 'admin');
  const admin = (first: ReturnType<typeof rule>): Tier =>
    tier([policy('admin', { kind: 'all' }, { ingress: { isolates: false, rules: [first, denyAll] } })], 'admin', 1000, 'pass');

  it.each<[string, ReturnType<typeof rule>, string]>([
    ['deny decides', rule('deny', {}), 'deny'],
    ['allow decides over later tiers', rule('allow', {}), 'allow'],
    ['pass goes on with the next tier', rule('pass', {}), 'deny'],
    ['log goes on with the next rule', rule('log', {}), 'deny'],
  ])('%s', (_name, first, expected) => {
    expect(verdict([tier([demo]), admin(first)], '10.0.0.2', '10.0.0.1').verdict).toBe(expected);
  });

  it('the end of a tier applies only when an isolating policy selects the pod', () => {
    const open = policy('open', app('server'), { ingress: { isolates: false, rules: [] } });
    expect(verdict([tier([open])], '10.0.0.2', '10.0.0.1').verdict).toBe('allow');
  });

  it('a staged policy is traced and not enforced', () => {
    const result = verdict([tier([{ ...demo, staged: true }])], '10.0.0.2', '10.0.0.1');
    expect(result.verdict).toBe('allow');
    expect(result.trace.map(({ applies }) => applies)).toContain('staged');
  });
});

describe('missing facts', () => {
  const planned = pod('planned', undefined);
  const nets = [{ first: address('10.0.0.0'), last: address('10.0.0.255') }];
  const block = policy('block', app('server'), { ingress: { isolates: true, rules: [rule('allow', { source: { nets } })] } });
  const question = {
    source: { kind: 'endpoint', endpoint: planned },
    destination: { kind: 'endpoint', endpoint: server },
    protocol: TCP,
    destinationPort: 80,
  } as const;

  it('a verdict that depends on an unknown address is unknown and names it', () => {
    const result = explainQuestion(world([tier([block])]), question);
    expect(result.verdict).toBe('unknown');
    expect(result.missing).toEqual(['the address of pod n/planned']);
    expect(verdictToJson(result)).toMatchObject({ verdict: 'unknown', missing: ['the address of pod n/planned'] });
  });

  it('a verdict that another rule decides is known', () => {
    const open = policy('open', app('server'), { ingress: { isolates: true, rules: [rule('allow', {})] } });
    expect(judgeQuestion(world([tier([block, open])]), question)).toBe('allow');
  });

  it('a verdict that depends on the labels of an unknown namespace is unknown', () => {
    const byTeam = policy('team', app('server'), {
      ingress: {
        isolates: true,
        rules: [rule('allow', { source: { selector: { kind: 'in', label: { space: 'namespace', key: 'team' }, values: ['t'] } } })],
      },
    });
    const unknown = world([tier([byTeam])], { namespacesWithUnknownLabels: ['n'] });
    expect(
      judgeQuestion(
        unknown,
        questionOf(unknown, { source: address('10.0.0.2'), destination: address('10.0.0.1'), protocol: TCP, destinationPort: 80 }),
      ),
    ).toBe('unknown');
  });
});

describe('explanations', () => {
  it('a denial names the label that would allow it', () => {
    const result = verdict([tier([demo])], '10.0.0.2', '10.0.0.1');
    expect(result.nearMisses.map(({ changes }) => changes)).toEqual([
      [{ kind: 'set label', side: 'source', space: 'pod', key: 'app', values: ['client'] }],
    ]);
    expect(renderVerdict(result)).toMatchInlineSnapshot(`
      [
        "deny: n/client (10.0.0.2) → n/server (10.0.0.1) TCP/80",
        "  egress of n/client: allowed, no policy isolates it",
        "  ingress of n/server: denied, it is isolated and no rule allows this",
        "    isolated by NetworkPolicy n/demo",
        "    NetworkPolicy n/demo: none of its rules matches:",
        "      allow ingress[0].from[0] does not match: the source's label app is absent, wanted app=client",
        "  a rule would allow it with this change:",
        "    set the label app=client on pod n/client: kubectl label pod client -n n app=client [ingress[0].from[0] of NetworkPolicy n/p]",
      ]
    `);
  });

  it('a denial names the port that would allow it', () => {
    const result = verdict([tier([demo])], '10.0.0.3', '10.0.0.1', { port: 81 });
    expect(result.nearMisses.map(({ changes }) => changes)).toEqual([
      [{ kind: 'use port', side: 'destination', ports: [{ first: 80, last: 80 }] }],
    ]);
  });

  it('a denial by a rule names what would match before it, and not what is asked behind it', () => {
    const [before, behind] = ['allow', 'late'].map((name) =>
      policy(name, app('server'), { ingress: { isolates: true, rules: [rule('allow', { source: { selector: app(name) } })] } }),
    );
    const closing = policy('close', app('server'), { ingress: { isolates: true, rules: [rule('deny', {})] } });
    const named = (tiers: readonly Tier[]): unknown[] =>
      verdict(tiers, '10.0.0.2', '10.0.0.1').nearMisses.map(({ changes }) =>
        changes.map((change) => ('values' in change ? change.values : change.kind)),
      );
    if (before === undefined || behind === undefined) throw new Error('both are there');
    expect(named([tier([before, closing, behind])])).toEqual([[['allow']]]);
    // The end of the first tier denies; the second one is never asked.
    expect(named([tier([before]), { ...tier([behind]), name: 'second' }])).toEqual([[['allow']]]);
  });

  it('JSON has the fields of the contract', () => {
    const json = verdictToJson(verdict([tier([demo])], '10.0.0.3', '10.0.0.1'));
    expect(json).toMatchObject({
      verdict: 'allow',
      source: { pod: 'n/other', ip: '10.0.0.3' },
      destination: { pod: 'n/server', ip: '10.0.0.1' },
      protocol: 'TCP',
      port: 80,
      egress: { verdict: 'allow', isolatedBy: [], decidedBy: { reason: 'no policy' } },
      ingress: {
        verdict: 'allow',
        isolatedBy: [{ kind: 'NetworkPolicy', apiVersion: 'networking.k8s.io/v1', namespace: 'n', name: 'demo' }],
        decidedBy: {
          reason: 'rule',
          kind: 'NetworkPolicy',
          apiVersion: 'networking.k8s.io/v1',
          namespace: 'n',
          name: 'p',
          direction: 'ingress',
          rule: 0,
        },
      },
      nearMisses: [],
    });
    expect(json.trace).toHaveLength(2);
  });

  it('1 000 policies on one pod are evaluated in time that grows with them, not with their square', () => {
    const policies = Array.from({ length: 1000 }, (_, i) =>
      policy(`p${i}`, app('server'), { ingress: { isolates: true, rules: [rule('allow', { source: { selector: app(`x${i}`) } })] } }),
    );
    const result = verdict([tier(policies)], '10.0.0.2', '10.0.0.1');
    expect(result.verdict).toBe('deny');
    expect(result.ingress.isolatedBy).toHaveLength(1000);
    expect(result.nearMisses).toHaveLength(5);
  });
});

describe('what a rule excludes, and messages of ICMP', () => {
  const source = pod('a', '10.0.0.1');
  const destination = pod('b', '10.0.0.2', { namedPorts: [{ name: 'web', protocol: TCP, port: 80 }] });

  function outcome(match: Partial<Match>, flow: Partial<Parameters<typeof judgeQuestion>[1]>): string {
    const ingress = { isolates: true, rules: [rule('allow', match)] };
    const world = createPolicyWorld({
      endpoints: [source, destination],
      tiers: [{ name: 't', order: 1, end: 'deny', policies: [policy('p', { kind: 'all' }, { ingress })] }],
    });
    return judgeQuestion(world, {
      source: { kind: 'endpoint', endpoint: source, address: address('10.0.0.1') },
      destination: { kind: 'endpoint', endpoint: destination, address: address('10.0.0.2') },
      protocol: TCP,
      ...flow,
    });
  }

  const echo = { type: 8, code: 0 };

  it.each<[string, Partial<Match>, Parameters<typeof outcome>[1], string]>([
    ['an excluded protocol is not allowed', { notProtocol: TCP }, {}, 'deny'],
    ['another protocol than the excluded one is', { notProtocol: UDP }, {}, 'allow'],
    ['an excluded number', { destination: { notPorts: [{ first: 80, last: 90 }] } }, { destinationPort: 85 }, 'deny'],
    ['a number beside the excluded ones', { destination: { notPorts: [{ first: 80, last: 90 }] } }, { destinationPort: 91 }, 'allow'],
    ['an excluded name', { destination: { notNamedPorts: ['web'] } }, { destinationPort: 80 }, 'deny'],
    ['an excluded name of another number', { destination: { notNamedPorts: ['web'] } }, { destinationPort: 81 }, 'allow'],
    [
      'an exclusion within a range',
      { destination: { ports: [{ first: 1, last: 99 }], notNamedPorts: ['web'] } },
      { destinationPort: 80 },
      'deny',
    ],
    ['an excluded source port', { source: { notPorts: [{ first: 1, last: 9 }] } }, { sourcePort: 5 }, 'deny'],
    [
      'a protocol without ports is in no exclusion',
      { destination: { notPorts: [{ first: 0, last: 65_535 }] } },
      { protocol: ICMP },
      'allow',
    ],
    ['a message of the type', { protocol: ICMP, icmp: { type: 8 } }, { protocol: ICMP, icmp: echo }, 'allow'],
    ['a message of another code', { protocol: ICMP, icmp: { type: 8, code: 1 } }, { protocol: ICMP, icmp: echo }, 'deny'],
    ['an excluded message', { protocol: ICMP, notIcmp: { type: 8, code: 0 } }, { protocol: ICMP, icmp: echo }, 'deny'],
    ['a message beside the excluded one', { protocol: ICMP, notIcmp: { type: 8, code: 1 } }, { protocol: ICMP, icmp: echo }, 'allow'],
    ['a message of which nobody told the type', { protocol: ICMP, icmp: { type: 8 } }, { protocol: ICMP }, 'unknown'],
  ])('%s', (_name, match, flow, expected) => {
    expect(outcome(match, flow)).toBe(expected);
  });
});
