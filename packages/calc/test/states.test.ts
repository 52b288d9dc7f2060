/** Any state to any state: lists of states, expanded. See SPEC.md for the rules named in titles. */
import { describe, expect, it } from 'vitest';
import { Follower, type World } from './follower.ts';
import { attachmentOf, invalidPolicyOf, namespaceOf, podOf, policyOf } from './objects.ts';

const shop = namespaceOf('shop', { team: 'a' });
const ops = namespaceOf('ops', { team: 'b' });
const web = podOf('shop/web', { labels: { app: 'web' }, ip: '10.0.0.1', node: 'n1', ports: [{ name: 'http', port: 8080 }] });
const db = podOf('shop/db', { labels: { app: 'db' }, ip: ['10.0.0.2', 'fd00::2'], ports: [{ name: 'sql', port: 5432 }] });
const prober = podOf('ops/prober', { labels: { app: 'prober' }, ip: '10.0.0.3' });

const denyAll = policyOf('shop/deny', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
const allowDb = policyOf('shop/from-db', {
  podSelector: { matchLabels: { app: 'web' } },
  ingress: [{ from: [{ podSelector: { matchLabels: { app: 'db' } } }] }],
});
const allowTeam = policyOf('shop/from-team', {
  podSelector: {},
  ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'b' } } }], ports: [{ port: 'http' }] }],
});
const notTeam = policyOf('shop/not-team', {
  podSelector: {},
  ingress: [{ from: [{ namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'NotIn', values: ['a'] }] } }] }],
});
const sqlOut = policyOf('shop/sql', {
  podSelector: {},
  policyTypes: ['Egress'],
  egress: [
    { to: [{ podSelector: {} }, { ipBlock: { cidr: '192.0.2.0/24', except: ['192.0.2.8/29'] } }], ports: [{ port: 'sql' }, { port: 443 }] },
  ],
});

/** Lets in a number of blocks of two addresses each, on two ports */
const blocksIn = (count: number, from = 0): ReturnType<typeof policyOf> =>
  policyOf('shop/blocks', {
    podSelector: {},
    ingress: [
      {
        from: [
          { podSelector: { matchLabels: { app: 'db' } } },
          ...Array.from({ length: count }, (_, i) => ({ ipBlock: { cidr: `10.9.${(from + i) >> 6}.${((from + i) & 63) * 4}/31` } })),
        ],
        ports: [{ port: 80 }, { port: 53, protocol: 'UDP' }],
      },
    ],
  });

/** Lists of states; a list may be gone through in any order. */
const lists: Readonly<Record<string, readonly World[]>> = {
  'pods come and go': [
    { namespaces: [shop, ops], policies: [allowDb], pods: [web] },
    { namespaces: [shop, ops], policies: [allowDb], pods: [web, db] },
    { namespaces: [shop, ops], policies: [allowDb], pods: [web, db, prober] },
    { namespaces: [shop, ops], policies: [allowDb], pods: [db, prober] },
  ],
  'policies come and go': [
    { namespaces: [shop, ops], pods: [web, db, prober], policies: [denyAll] },
    { namespaces: [shop, ops], pods: [web, db, prober], policies: [denyAll, allowDb, sqlOut] },
    { namespaces: [shop, ops], pods: [web, db, prober], policies: [allowDb, allowTeam, notTeam] },
    { namespaces: [shop, ops], pods: [web, db, prober], policies: [sqlOut] },
  ],
  'long lists of blocks': [
    { namespaces: [shop], pods: [web, db], policies: [blocksIn(31)] },
    { namespaces: [shop], pods: [web, db], policies: [blocksIn(33)] },
    { namespaces: [shop], pods: [web, db], policies: [blocksIn(200), denyAll] },
    { namespaces: [shop], pods: [web, db], policies: [blocksIn(200, 1)] },
  ],
  'a pod is relabelled, moved and aged': [
    { namespaces: [shop], pods: [web, db], policies: [allowDb, sqlOut] },
    { namespaces: [shop], pods: [web, { ...db, metadata: { ...db.metadata, labels: { app: 'other' } } }], policies: [allowDb, sqlOut] },
    { namespaces: [shop], pods: [web, podOf('shop/db', { labels: { app: 'db' }, ip: '10.0.0.9' })], policies: [allowDb, sqlOut] },
    {
      namespaces: [shop],
      pods: [web, podOf('shop/db', { labels: { app: 'db' }, ip: '10.0.0.2', uid: 'second' })],
      policies: [allowDb, sqlOut],
    },
    {
      namespaces: [shop],
      pods: [web, podOf('shop/db', { labels: { app: 'db' }, ip: '10.0.0.2', phase: 'Succeeded' })],
      policies: [allowDb],
    },
    {
      namespaces: [shop],
      pods: [web, podOf('shop/db', { labels: { app: 'db' }, ip: '10.0.0.2', hostNetwork: true })],
      policies: [allowDb],
    },
  ],
  'namespaces are relabelled, unknown and known': [
    { namespaces: [shop, ops], pods: [web, db, prober], policies: [allowTeam, notTeam] },
    { namespaces: [shop, namespaceOf('ops', { team: 'a' })], pods: [web, db, prober], policies: [allowTeam, notTeam] },
    { namespaces: [shop], pods: [web, db, prober], policies: [allowTeam, notTeam] },
    { namespaces: [], pods: [web, db, prober], policies: [allowTeam, notTeam, denyAll] },
  ],
  'named ports change': [
    { namespaces: [shop, ops], pods: [web, db, prober], policies: [allowTeam, sqlOut] },
    {
      namespaces: [shop, ops],
      pods: [podOf('shop/web', { labels: { app: 'web' }, ip: '10.0.0.1', node: 'n1', ports: [{ name: 'http', port: 80 }] }), db],
      policies: [allowTeam, sqlOut],
    },
    {
      namespaces: [shop, ops],
      pods: [podOf('shop/web', { labels: { app: 'web' }, ip: '10.0.0.1', node: 'n1' }), db],
      policies: [allowTeam, sqlOut],
    },
    {
      namespaces: [shop, ops],
      pods: [
        web,
        podOf('shop/db', {
          labels: { app: 'db' },
          ip: '10.0.0.2',
          ports: [
            { name: 'sql', port: 1 },
            { name: 'sql', port: 2 },
          ],
        }),
      ],
      policies: [sqlOut],
    },
  ],
  'the start gate and the status race': [
    { namespaces: [shop], policies: [denyAll], attachments: [attachmentOf('shop/new', '10.0.0.7')] },
    {
      namespaces: [shop],
      policies: [denyAll],
      attachments: [attachmentOf('shop/new', '10.0.0.7')],
      pods: [podOf('shop/new', { node: 'n1', phase: 'Pending' })],
    },
    {
      namespaces: [shop],
      policies: [denyAll],
      attachments: [attachmentOf('shop/new', '10.0.0.7')],
      pods: [podOf('shop/new', { node: 'n1', ip: '10.0.0.7' })],
    },
    { namespaces: [shop], policies: [denyAll], pods: [podOf('shop/new', { node: 'n1', ip: '10.0.0.7' })] },
    {
      namespaces: [shop],
      policies: [denyAll],
      attachments: [attachmentOf('shop/new', '10.0.0.7')],
      pods: [podOf('shop/new', { node: 'n1', ip: '10.0.0.8' })],
    },
    {
      namespaces: [shop],
      policies: [denyAll],
      attachments: [attachmentOf('shop/new', '10.0.0.7', 'older')],
      pods: [podOf('shop/new', { node: 'n1', ip: '10.0.0.7' })],
    },
  ],
  'two pods claim one address': [
    {
      namespaces: [shop],
      policies: [allowDb],
      pods: [web, podOf('shop/a', { labels: { app: 'db' }, ip: '10.0.0.5', created: '2026-01-01T00:00:00Z' })],
    },
    {
      namespaces: [shop],
      policies: [allowDb],
      pods: [
        web,
        podOf('shop/a', { labels: { app: 'db' }, ip: '10.0.0.5', created: '2026-01-01T00:00:00Z' }),
        podOf('shop/b', { labels: { app: 'x' }, ip: '10.0.0.5', created: '2026-01-01T00:00:09Z' }),
      ],
    },
    {
      namespaces: [shop],
      policies: [allowDb],
      pods: [
        web,
        podOf('shop/a', { labels: { app: 'db' }, ip: '10.0.0.5', created: '2026-01-01T00:00:10Z' }),
        podOf('shop/b', { labels: { app: 'x' }, ip: '10.0.0.5', created: '2026-01-01T00:00:09Z' }),
        podOf('shop/c', { labels: { app: 'web' }, ip: '10.0.0.1', node: 'n1', created: '2026-01-01T00:00:09Z' }),
      ],
    },
    {
      namespaces: [shop],
      policies: [allowDb, denyAll],
      pods: [web, podOf('shop/b', { labels: { app: 'x' }, ip: '10.0.0.1' })],
      attachments: [attachmentOf('shop/web', '10.0.0.1'), attachmentOf('shop/z', '10.0.0.1')],
    },
  ],
  'never-accepted policies are closed': [
    { namespaces: [shop], pods: [web, db], policies: [invalidPolicyOf('shop/bad', { podSelector: { matchLabels: { app: 'web' } } })] },
    { namespaces: [shop], pods: [web, db], policies: [] },
    {
      namespaces: [shop],
      pods: [web, db],
      policies: [policyOf('shop/bad', { podSelector: { matchLabels: { 'no key!': 'x' } } }, 'other')],
    },
  ],
};

type Expander = (states: readonly World[]) => World[];

const expanders: Readonly<Record<string, Expander>> = {
  'as given': (states) => [...states],
  reversed: (states) => [...states].reverse(),
  'with empty states between': (states) => states.flatMap((state) => [{}, state]),
  'each alone and back': (states) => states.flatMap((state) => [state, {}, state]),
  'every pair': (states) => states.flatMap((first) => states.flatMap((second) => [first, second])),
  'split by kind': (states) => states.flatMap((state) => split(state)),
};

/** One kind of object after the other. */
function split({ pods = [], policies = [], namespaces = [], attachments = [] }: World): World[] {
  return [{ policies }, { policies, pods }, { policies, pods, attachments }, { policies, pods, attachments, namespaces }];
}

describe.each(Object.entries(lists))('S1 S2 S5 S6 %s: the output depends on the current state only', (_name, states) => {
  it.each(Object.entries(expanders))('%s', (_expander, expand) => {
    const follower = new Follower();
    for (const state of expand(states)) follower.go(state);
    follower.expectNothingLeft();
  });

  it('with the events of each step in reverse', () => {
    const follower = new Follower();
    for (const state of states) follower.go(state, (events) => events.reverse());
    follower.expectNothingLeft();
  });

  it('several states in one flush', () => {
    const follower = new Follower();
    for (const first of states) {
      for (const second of states) {
        follower.tell(first);
        follower.tell(second);
        follower.flush();
        follower.verify();
      }
    }
    follower.expectNothingLeft();
  });

  it('S3 there and back in one flush is no change', () => {
    const follower = new Follower();
    const [first = {}] = states;
    follower.go(first);
    for (const other of states) {
      const before = new Map(follower.accepted);
      follower.tell(other);
      follower.tell(first);
      if (![...follower.accepted.keys()].every((uid) => before.has(uid))) continue;
      expect(follower.flush()).toEqual(new Follower().engine.flush());
    }
  });

  it('P4 with rule ids that all collide', () => {
    const follower = new Follower({ ruleHash: () => 'h' });
    for (const first of states) for (const second of states) for (const state of [first, second]) follower.go(state);
    follower.expectNothingLeft();
  });
});
