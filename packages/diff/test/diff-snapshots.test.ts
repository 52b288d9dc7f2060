import type { KubeObject } from '@weir/kube';
import { engineProfiles } from '@weir/model';
import { type LoadSnapshotOptions, loadSnapshot } from '@weir/snapshot';
import { shopObjects } from '@weir/testkit';
import { describe, expect, it } from 'vitest';
import { type ChangedConnectionJson, type DiffJson, diffSnapshots, diffToCsv, diffToMarkdown, renderDiff } from '../src/index.ts';

const { namespace, pod, policy } = shopObjects;

function deployment(
  name: string,
  { labels = { app: name }, replicas = 2 }: { labels?: Readonly<Record<string, string>>; replicas?: number } = {},
): KubeObject {
  const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'registry.example/app' }] } };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace: 'shop' }, spec: { replicas, template } } as KubeObject;
}

const shop = [namespace('shop'), deployment('web'), deployment('api'), deployment('db', { replicas: 1 })];
const from = (app: string): object => ({ podSelector: { matchLabels: { app } } });
const ingress = (app: string, ...rules: readonly object[]): object => ({ podSelector: { matchLabels: { app } }, ingress: rules });

function diff(before: readonly KubeObject[], after: readonly KubeObject[], options: readonly LoadSnapshotOptions[] = []): DiffJson {
  return diffSnapshots(loadSnapshot(before, options[0]), loadSnapshot(after, options[1]));
}

function lines(connections: readonly ChangedConnectionJson[]): string[] {
  return connections.map(({ change, from: source, to, gained, lost, mayBeGained, mayBeLost }) => {
    const told = (sign: string, { protocols, text }: ChangedConnectionJson['gained']): string[] =>
      protocols.length === 0 ? [] : [`${sign} ${text}`];
    return [
      `${change}: ${source} → ${to}`,
      ...told('+', gained),
      ...told('-', lost),
      ...told('?+', mayBeGained),
      ...told('?-', mayBeLost),
    ].join(' ');
  });
}

describe('the difference of two snapshots', () => {
  it('is none where the objects say the same in other words', () => {
    const one = policy('db', ingress('db', { from: [from('api'), from('web')], ports: [{ port: 5432 }] }));
    const two = [
      policy('a', ingress('db', { from: [from('web')], ports: [{ port: 5432 }] })),
      policy('b', {
        podSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['db'] }] },
        ingress: [{ from: [from('api')], ports: [{ port: 5432 }] }],
      }),
    ];
    expect(diff([...shop, one], [...two, ...shop].toReversed())).toMatchObject({
      connections: [],
      summary: { added: 0, removed: 0, workloadsAdded: 0 },
    });
  });

  it('tells added, widened, narrowed, removed and mixed connections apart', () => {
    const before = policy('db', ingress('db', { from: [from('api')], ports: [{ port: 5432 }, { port: 9000 }] }));
    const after = (...rules: readonly object[]): KubeObject[] => [...shop, policy('db', ingress('db', ...rules))];
    const to = (...rules: readonly object[]): string[] => lines(diff([...shop, before], after(...rules)).connections);
    const api = { from: [from('api')], ports: [{ port: 5432 }, { port: 9000 }] };
    expect(to(api, { from: [from('web')], ports: [{ port: 5432 }] })).toEqual(['added: shop/web → shop/db + TCP 5432']);
    expect(to(api, { from: [from('api')], ports: [{ port: 53, protocol: 'UDP' }] })).toEqual(['widened: shop/api → shop/db + UDP 53']);
    expect(to({ from: [from('api')], ports: [{ port: 5432 }] })).toEqual(['narrowed: shop/api → shop/db - TCP 9000']);
    expect(to()).toEqual(['removed: shop/api → shop/db - TCP 5432, 9000']);
    expect(to({ from: [from('api')], ports: [{ port: 5433 }, { port: 9000 }] })).toEqual([
      'changed: shop/api → shop/db + TCP 5433 - TCP 5432',
    ]);
  });

  it('is none where the policy that changes is about nobody, whether or not there is anybody', () => {
    const [before, after] = [[], [{ from: [from('web')] }]].map((rules) => policy('db', ingress('nobody', ...rules)));
    for (const others of [shop, [namespace('shop')], []])
      expect(diff([...others, before as KubeObject], [...others, after as KubeObject]).connections).toEqual([]);
  });

  it('names what decided, and what decides now', () => {
    const after = [...shop, policy('closed', { podSelector: { matchLabels: { app: 'db' } }, policyTypes: ['Ingress'] })];
    const [first] = diff(shop, after).connections;
    expect(first?.causes.map(({ text }) => text)).toEqual([
      'ingress: was allowed: no policy isolates it; now denied: no rule of NetworkPolicy shop/closed allows it',
    ]);
    expect(first?.causes[0]).toMatchObject({
      direction: 'ingress',
      before: { verdict: 'allow', decidedBy: { reason: 'no policy' } },
      after: { verdict: 'deny', isolatedBy: [{ kind: 'NetworkPolicy', namespace: 'shop', name: 'closed' }] },
    });
    expect(first).toMatchObject({ from: 'shop/api, shop/web and any address outside', to: 'shop/db', change: 'removed', pairs: 3 });
  });

  it('counts connections among the pods of a workload, where there may be several', () => {
    const closed = (app: string): KubeObject => policy('closed', { podSelector: { matchLabels: { app } }, policyTypes: ['Ingress'] });
    const within = (app: string): string[] =>
      diff(shop, [...shop, closed(app)]).connections.flatMap(({ sources }) => sources.map(({ name }) => name));
    expect(within('web')).toContain('shop/web');
    expect(within('db')).not.toContain('shop/db');
  });

  it('follows labels of pods and namespaces, not policies alone', () => {
    const open = policy(
      'db',
      ingress('db', { from: [{ namespaceSelector: { matchLabels: { team: 'a' } }, podSelector: { matchLabels: { tier: 'front' } } }] }),
    );
    const team = (name: string): KubeObject => ({ ...namespace('shop'), metadata: { name: 'shop', labels: { team: name } } });
    const [, , api, db] = shop;
    const rest = [api, db].flatMap((one) => (one === undefined ? [] : [one]));
    const web = deployment('web', { labels: { app: 'web', tier: 'front' } });
    const first = [open, team('a'), ...rest, deployment('web')];
    expect(lines(diff(first, [open, team('a'), ...rest, web]).connections)).toEqual(['added: shop/web → shop/db + all traffic']);
    expect(lines(diff([open, team('a'), ...rest, web], [open, team('b'), ...rest, web]).connections)).toEqual([
      'removed: shop/web → shop/db - all traffic',
    ]);
  });

  it('knows the pods of a workload again under other names, also where the other side has its template alone', () => {
    const live = (hash: string, ip: string): KubeObject => ({
      ...pod('web', { name: `web-${hash}`, ip, node: 'n1' }),
      metadata: {
        namespace: 'shop',
        name: `web-${hash}`,
        uid: hash,
        labels: { app: 'web' },
        ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'w', controller: true }],
      },
    });
    const before = [...shop, live('aaaaa', '10.224.0.10')];
    const after = [...shop, live('bbbbb', '10.224.0.11'), live('ccccc', '10.224.0.12')];
    for (const [one, other] of [
      [before, after],
      [before, shop],
      [shop, after],
    ] as const)
      expect(diff(one, other).workloads).toMatchObject({ added: [], removed: [] });
    const closed = policy('closed', { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Egress'] });
    expect(diff(before, [...after, closed]).connections.map(({ change, from: source }) => `${change} ${source}`)).toContain(
      'removed shop/web',
    );
  });

  it('tells connections of workloads that are new or gone apart from changes', () => {
    const closed = policy('api', ingress('api', { from: [from('web')], ports: [{ port: 80 }] }));
    const [ns, , api, db] = shop;
    const less = [ns, api, db, closed].flatMap((one) => (one === undefined ? [] : [one]));
    const more = diff(less, [...shop, closed]);
    expect(more.connections).toEqual([]);
    expect(more.workloads.added).toEqual(['shop/web']);
    expect(lines(more.workloads.connectionsAdded)).toContain('added: shop/web → shop/api + TCP 80');
    expect(lines(diff([...shop, closed], less).workloads.connectionsRemoved)).toContain('removed: shop/web → shop/api - TCP 80');
  });

  it('says what may change where a fact is missing, and not where it is told', () => {
    const open = policy('db', ingress('db', { from: [{ ipBlock: { cidr: '10.1.0.0/16' } }], ports: [{ port: 5432 }] }));
    const closed = policy('db', ingress('db'));
    const uncertain = diff([...shop, closed], [...shop, open]);
    expect(lines(uncertain.connections)).toEqual([
      'added: outside 10.1.0.0/16 → shop/db + TCP 5432',
      'uncertain: shop/api, shop/web → shop/db ?+ TCP 5432',
    ]);
    expect(uncertain.connections[1]?.causes[0]?.text).toContain('now not known: ');
    const ranges = { podRanges: [{ first: { family: 4, words: [0x0a_e0_00_00] }, last: { family: 4, words: [0x0a_e0_ff_ff] } }] } as const;
    expect(lines(diff([...shop, closed], [...shop, open], [ranges, ranges]).connections)).toEqual([
      'added: outside 10.1.0.0/16 → shop/db + TCP 5432',
    ]);
  });

  it('compares two engines over the same objects', () => {
    const pods = [namespace('shop'), pod('web', { ip: '10.224.0.10', node: 'n1' }), pod('db', { ip: '10.224.0.11', node: 'n2' })];
    const open = policy('db', ingress('db', { from: [{ ipBlock: { cidr: '10.224.0.0/16' } }] }));
    const objects = [...pods, open];
    expect(diff(objects, objects, [{ profile: engineProfiles.calico }, { profile: engineProfiles.cilium }])).toMatchObject({
      profiles: { before: 'calico', after: 'cilium' },
      connections: [{ change: 'removed', from: 'shop/web', to: 'shop/db' }],
    });
  });

  it('cuts the outside by the blocks of both sides', () => {
    const open = (cidr: string, except?: string): KubeObject =>
      policy('db', ingress('db', { from: [{ ipBlock: { cidr, ...(except === undefined ? {} : { except: [except] }) } }] }));
    const ranges = { podRanges: [{ first: { family: 4, words: [0x0a_e0_00_00] }, last: { family: 4, words: [0x0a_e0_ff_ff] } }] } as const;
    const changes = (before: KubeObject, after: KubeObject): string[] =>
      lines(diff([...shop, before], [...shop, after], [ranges, ranges]).connections);
    expect(changes(open('192.0.2.0/24'), open('192.0.2.0/25'))).toEqual(['removed: outside 192.0.2.128/25 → shop/db - all traffic']);
    expect(changes(open('172.16.0.0/12'), open('172.16.0.0/12', '172.20.0.0/16'))).toEqual([
      'removed: outside 172.20.0.0/16 → shop/db - all traffic',
    ]);
    expect(changes(policy('db', ingress('db')), open('172.16.0.0/12', '172.20.3.0/24'))).toEqual([
      'added: outside 172.16.0.0/12 except 172.20.3.0/24 → shop/db + all traffic',
    ]);
  });
});

describe('the forms of a difference', () => {
  const before = [...shop, policy('db', ingress('db', { from: [from('api')], ports: [{ port: 5432 }] }))];
  const after = [...shop, deployment('new'), policy('db', ingress('db', { from: [from('web')], ports: [{ port: 5432 }] }))];
  const told = diff(before, after);

  it('tell the same connections', () => {
    const text = renderDiff(told).join('\n');
    const markdown = diffToMarkdown(told);
    const csv = diffToCsv(told);
    const all = [...told.connections, ...told.workloads.connectionsAdded];
    expect(all.length).toBeGreaterThan(3);
    for (const { from: source, to, sources, destinations, change } of all) {
      expect(text).toContain(`${source} → ${to}: `);
      expect(markdown).toContain(`| ${source} | ${to} | `);
      for (const one of sources)
        for (const other of destinations) expect(csv).toMatch(new RegExp(`^${change},${one.name},${other.name},`, 'm'));
    }
    expect(text.split('\n').at(-1)).toBe('2 connections: 1 added, 1 removed; 1 workload is new.');
    expect(csv.trimEnd().split('\r\n')).toHaveLength(
      1 + all.reduce((sum, { sources, destinations }) => sum + sources.length * destinations.length, 0),
    );
  });

  it('say that nothing changes', () => {
    const none = diff(before, before);
    expect(renderDiff(none)).toEqual(['No connection changes.']);
    expect(diffToMarkdown(none)).toContain('No connection changes.');
    expect(diffToCsv(none).trimEnd().split('\r\n')).toHaveLength(1);
  });

  it('fit into a comment on GitHub, and count what is left out', () => {
    const connections = Array.from({ length: 1000 }, (_, i) =>
      told.connections.map((one) => ({ ...one, from: `shop/workload-${i}` })),
    ).flat();
    const markdown = diffToMarkdown({ ...told, connections });
    expect(markdown.length).toBeLessThan(65_536);
    // A section of a few rows is shown, however long those before it are.
    const few = told.connections.filter(({ change }) => change === 'removed').slice(0, 1);
    const long = connections.map((one) => ({ ...one, change: 'added' as const }));
    expect(few).toHaveLength(1);
    const both = diffToMarkdown({ ...told, connections: [...long, ...few] });
    expect(both.length).toBeLessThan(65_536);
    expect(both.slice(both.indexOf('Removed connections (1)'))).toContain(`| ${few[0]?.from ?? ''} | `);
    expect(markdown).toContain('shop/workload-0 ');
    const omitted = [...markdown.matchAll(/…and (\d+) more rows? that (?:does|do) not fit here/g)].reduce(
      (sum, [, count]) => sum + Number(count),
      0,
    );
    expect(omitted).toBe(connections.length + told.workloads.connectionsAdded.length - (markdown.match(/^\| shop/gm) ?? []).length);
    expect(omitted).toBeGreaterThan(1000);
    // So do all the things that may be wrong with the manifests, which stand before the tables.
    const notices = { before: [], after: Array.from({ length: 1000 }, (_, i) => `${i}${'\n[x]'.repeat(1000)}`) };
    const warned = diffToMarkdown({ ...told, connections, notices });
    expect(warned.length).toBeLessThan(65_536);
    expect(warned).toContain('> - …and 980 more\n\n<details>');
    expect(warned).toContain('| shop/');
  });

  it('keep names from being read as Markdown or as a formula', () => {
    const odd = {
      ...told,
      connections: told.connections.map((one) => ({
        ...one,
        from: 'shop/a|b <img> @you',
        sources: [{ kind: 'pod' as const, name: '=cmd()' }],
      })),
    };
    expect(diffToMarkdown(odd)).not.toMatch(/<img>|@you|a\|b/);
    expect(diffToCsv(odd)).toContain(",'=cmd(),");
  });
});
