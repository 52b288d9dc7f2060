/** What every back end has to do with packets, as data: a state, attempts, and what they come to. */
import type { StateText } from './state.ts';
import type { Attempt, HostName } from './world.ts';

/** A state and what may pass in it. `rule` is the rule of SPEC.md that the case shows. */
export interface ConformanceCase {
  readonly rule: string;
  readonly name: string;
  readonly state: StateText;
  /** `from > to protocol port`; each is tried in both families unless it ends in `4` or `6` in brackets. */
  readonly allowed: readonly string[];
  readonly denied: readonly string[];
}

const tcp = 6;
const udp = 17;
const sctp = 132;

export const conformanceCases: readonly ConformanceCase[] = [
  {
    rule: 'DP1',
    name: 'a pod that no policy isolates talks to everybody',
    state: {},
    allowed: [
      'a > b tcp 80',
      'a > b udp 80',
      'a > b sctp 80',
      'a > b icmp',
      'ext > a tcp 80',
      'a > ext tcp 80',
      'a > node tcp 80',
      'node > a tcp 80',
    ],
    denied: [],
  },
  {
    rule: 'DP2',
    name: 'ingress isolation without rules keeps everybody out but the pod itself and its node',
    state: { ingress: { b: [] } },
    allowed: ['b > b tcp 80', 'node > b tcp 80', 'b > a tcp 80', 'b > ext udp 80', 'a > c tcp 80', 'b > node icmp'],
    denied: ['a > b tcp 80', 'a > b udp 80', 'a > b sctp 80', 'a > b icmp', 'ext > b tcp 80', 'ext > b icmp'],
  },
  {
    rule: 'DP3',
    name: 'egress isolation without rules keeps the pod in, from its own node too, and lets replies out',
    state: { egress: { a: [] } },
    allowed: ['b > a tcp 80', 'ext > a udp 80', 'node > a tcp 80', 'b > a icmp'],
    denied: ['a > b tcp 80', 'a > b udp 80', 'a > ext tcp 80', 'a > ext icmp', 'a > node tcp 80', 'a > node udp 80', 'a > node icmp'],
  },
  {
    rule: 'DP4',
    name: 'a set of pods is let in on one port of one protocol',
    state: {
      sets: { clients: { a: 'member' } },
      ingress: { b: [{ peer: ['clients'], protocol: tcp, ports: [80] }] },
    },
    allowed: ['a > b tcp 80'],
    denied: ['a > b tcp 81', 'a > b udp 80', 'a > b sctp 80', 'a > b icmp', 'c > b tcp 80', 'ext > b tcp 80'],
  },
  {
    rule: 'DP5',
    name: 'a rule without peers lets everybody in on its port',
    state: { ingress: { b: [{ protocol: udp, ports: [443] }] } },
    allowed: ['a > b udp 443', 'ext > b udp 443', 'other > b udp 443 [4]'],
    denied: ['a > b tcp 443', 'a > b udp 80'],
  },
  {
    rule: 'DP6',
    name: 'a rule without ports means every port of its protocol, one without protocol everything',
    state: {
      sets: { first: { a: 'member' }, second: { c: 'member' } },
      ingress: { b: [{ peer: ['first'], protocol: tcp }, { peer: ['second'] }] },
    },
    allowed: ['a > b tcp 80', 'a > b tcp 443', 'c > b tcp 80', 'c > b udp 81', 'c > b sctp 7', 'c > b icmp'],
    denied: ['a > b udp 80', 'a > b icmp', 'ext > b tcp 80'],
  },
  {
    rule: 'DP7',
    name: 'ranges of ports hold their ends and nothing beyond',
    state: {
      ingress: {
        b: [
          { protocol: tcp, ports: [[81, 90]] },
          { protocol: tcp, ports: [[85, 442]] },
          { protocol: sctp, ports: [[5, 6]] },
        ],
      },
    },
    allowed: ['a > b tcp 81', 'a > b tcp 90', 'a > b sctp 5', 'a > b sctp 6', 'ext > b tcp 90'],
    denied: ['a > b tcp 80', 'a > b tcp 443', 'a > b sctp 7', 'a > b udp 81'],
  },
  {
    rule: 'DP8',
    name: 'address ranges select hosts outside and pods alike, without their holes',
    state: {
      ranges: {
        outside: ['192.0.2.0/24 except 192.0.2.10/32', '198.51.100.0/24', '2001:db8:f::/48'],
        pods: ['10.77.0.0/30 except 10.77.0.3/32', 'fd77::a/128'],
      },
      egress: {
        b: [
          { peer: ['outside'], protocol: tcp, ports: [80] },
          { peer: ['pods'], protocol: tcp, ports: [81] },
        ],
      },
    },
    allowed: ['b > other tcp 80', 'b > node tcp 80 [4]', 'b > a tcp 81'],
    denied: ['b > ext tcp 80', 'b > node tcp 80 [6]', 'b > c tcp 81', 'b > other tcp 81', 'b > a tcp 80'],
  },
  {
    rule: 'DP9',
    name: 'named ports are those of each peer',
    state: {
      sets: {
        web: {
          b: [{ protocol: tcp, port: 80 }],
          c: [
            { protocol: tcp, port: 81 },
            { protocol: udp, port: 90 },
          ],
        },
      },
      egress: { a: [{ peer: ['web'], protocol: tcp }] },
    },
    allowed: ['a > b tcp 80', 'a > c tcp 81'],
    denied: ['a > b tcp 81', 'a > c tcp 80', 'a > c udp 90', 'a > ext tcp 80'],
  },
  {
    rule: 'DP10',
    name: 'all tests of a peer must hold, negated ones too',
    state: {
      sets: { team: { a: 'member', c: 'member' }, web: { a: 'member' } },
      ranges: { pods: ['10.77.0.0/24', 'fd77::/64'] },
      ingress: {
        b: [
          { peer: ['team', '!web'], protocol: tcp, ports: [80] },
          { peer: ['!pods'], protocol: tcp, ports: [81] },
          { peer: ['pods', '!team'], protocol: tcp, ports: [90] },
        ],
      },
    },
    allowed: ['c > b tcp 80', 'ext > b tcp 81'],
    denied: ['a > b tcp 80', 'ext > b tcp 80', 'a > b tcp 81', 'c > b tcp 81', 'a > b tcp 90', 'ext > b tcp 90'],
  },
  {
    rule: 'DP11',
    name: 'both ends decide: the source lets out and the destination lets in',
    state: {
      sets: { a: { a: 'member' }, b: { b: 'member' } },
      egress: { a: [{ peer: ['b'], protocol: tcp, ports: [80, 81] }] },
      ingress: { b: [{ peer: ['a'], protocol: tcp, ports: [81, 90] }] },
    },
    allowed: ['a > b tcp 81', 'b > a tcp 80'],
    denied: ['a > b tcp 80', 'a > b tcp 90'],
  },
  {
    rule: 'DP12',
    name: 'a pod that nobody acknowledged reaches nothing and nobody reaches it, but from its node',
    state: { pods: ['b', 'c'] },
    allowed: ['b > c tcp 80', 'ext > b tcp 80'],
    denied: ['a > b tcp 80', 'b > a tcp 80', 'a > ext udp 80', 'ext > a tcp 80', 'a > node tcp 80', 'a > node icmp'],
  },
];

/** Reads the short form of an attempt, `tcp 80`, `tcp 80 from 1000`, `icmp`, `icmp 8/0`; both families unless it names one. */
export function attemptsOf(text: string, expect: 'allowed' | 'denied'): Attempt[] {
  const match = /^(\w+) > (\w+) (tcp|udp|sctp|icmp)(?: (\d+)(?:\/(\d+))?)?(?: from (\d+))?(?: \[([46])\])?$/.exec(text);
  if (match === null) throw new Error(`not an attempt: ${text}`);
  const [, from, to, protocol, port, code, sourcePort, family] = match;
  const families = family === undefined ? ([4, 6] as const) : [Number(family) as 4 | 6];
  return families.map((each) => ({
    from: from as HostName,
    to: to as HostName,
    protocol: protocol as Attempt['protocol'],
    ...(port === undefined ? {} : code === undefined ? { port: Number(port) } : { message: Number(port) * 256 + Number(code) }),
    ...(sourcePort === undefined ? {} : { sourcePort: Number(sourcePort) }),
    family: each,
    expect,
  }));
}
