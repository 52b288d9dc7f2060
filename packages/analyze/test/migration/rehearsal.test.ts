import type { NetworkPolicySpec } from '@weir/kube';
import { engineProfiles } from '@weir/model';
import { defined, formatAddress, parseAddress, parseCidr } from '@weir/net';
import { loadSnapshot } from '@weir/snapshot';
import { shopObjects } from '@weir/testkit';
import { describe, expect, it } from 'vitest';
import { type BlockTranslation, planRehearsal, type RehearsalPlan, translateBlocks } from '../../src/index.ts';

const { namespace, node, pod, policy, service } = shopObjects;

const address = (text: string): ReturnType<typeof parseAddress> & {} => defined(parseAddress(text), text);
const translation: BlockTranslation = {
  addresses: [
    { here: address('10.50.1.7'), there: address('10.224.1.2') },
    { here: address('10.50.2.8'), there: address('10.224.2.3') },
  ],
  own: ['10.224.0.0/12'].flatMap((text) => parseCidr(text) ?? []),
};

function translated(ipBlock: { readonly cidr: string; readonly except?: readonly string[] }): unknown {
  const spec: NetworkPolicySpec = { podSelector: {}, egress: [{ to: [{ podSelector: {} }, { ipBlock }] }] };
  const [first, ...blocks] = translateBlocks({ metadata: { name: 'p' }, spec }, translation).spec?.egress?.[0]?.to ?? [];
  expect(first).toEqual({ podSelector: {} });
  return blocks.map((peer) => peer.ipBlock);
}

describe('a block of addresses in a lab that stands for a cluster', () => {
  it('holds the same pods and nodes, and the same addresses outside', () => {
    expect(translated({ cidr: '10.50.1.0/24' })).toEqual([{ cidr: '10.50.1.0/24' }, { cidr: '10.224.1.2/32' }]);
  });

  it('holds nobody of the lab by accident', () => {
    expect(translated({ cidr: '10.224.1.0/24' })).toEqual([{ cidr: '192.0.2.254/32' }]);
    expect(translated({ cidr: '10.192.0.0/10' })).toEqual([{ cidr: '10.192.0.0/11' }, { cidr: '10.240.0.0/12' }]);
  });

  it('keeps exceptions, because engines differ in what they make of them', () => {
    expect(translated({ cidr: '10.0.0.0/8', except: ['10.50.1.0/24'] })).toEqual([
      { cidr: '10.0.0.0/8', except: ['10.50.1.0/24', '10.224.0.0/12'] },
      { cidr: '10.224.2.3/32' },
    ]);
  });
});

describe('what is rehearsed', () => {
  const many = Array.from({ length: 30 }, (_, i) =>
    pod('db', {
      name: `db-${i}`,
      ip: `10.50.2.${i + 1}`,
      node: 'n2',
      ports: [
        { containerPort: 5432, name: 'sql' },
        { containerPort: 9, protocol: 'UDP' },
      ],
    }),
  );
  const objects = [
    namespace('shop'),
    node('n1', '10.50.0.4'),
    node('n2', '10.50.0.5'),
    node('w1', '10.50.0.6', 'windows'),
    pod('web', { ip: '10.50.1.1', node: 'n1', ports: [{ containerPort: 80 }] }),
    pod('win', { ip: '10.50.3.1', node: 'w1' }),
    ...many,
    { ...pod('dns', { ip: '10.50.1.9', node: 'n1' }), metadata: { namespace: 'kube-system', name: 'dns', labels: {} } },
    policy('p', { podSelector: { matchLabels: { app: 'db' } } }),
    service('s', { type: 'NodePort', clusterIP: '10.0.0.7', clusterIPs: ['10.0.0.7'], selector: { app: 'web' }, ports: [{ port: 80 }] }),
  ];
  const plan = (to: 'calico' | 'cilium'): RehearsalPlan => {
    const [before, after] = [
      loadSnapshot(objects, { profile: engineProfiles.azure }),
      loadSnapshot(objects, { profile: engineProfiles[to] }),
    ];
    return planRehearsal({ objects, before, after, from: 'azure', to });
  };

  it('is on several nodes where pods of a kind are, and on no more than a lab may have', () => {
    const spread = Array.from({ length: 40 }, (_, i) => [
      node(`m${i}`, `10.50.9.${i + 1}`),
      ...['a', 'b'].map((app, k) => pod(app, { name: `${app}-${i}`, ip: `10.50.${10 + k}.${i + 1}`, node: `m${i}` })),
    ]).flat();
    const policies = ['a', 'b'].map((app) => policy(app, { podSelector: { matchLabels: { app } } }));
    const all = [namespace('shop'), ...spread, ...policies];
    const before = loadSnapshot(all, { profile: engineProfiles.calico });
    const own = planRehearsal({ objects: all, before, after: before, from: 'calico', to: 'cilium' });
    expect(own.pods).toHaveLength(4);
    expect(new Set(own.pods.map(({ spec }) => spec?.nodeName)).size).toBe(4);
    expect(own).toMatchObject({ omittedPods: 76, omittedKinds: 0 });
  });

  it('counts no kind of the cluster’s own pods among those left out', () => {
    expect(plan('calico').omittedKinds).toBe(0);
  });

  it('is two pods of each kind that policies treat alike, with their names, labels, ports and nodes', () => {
    const { pods, omittedPods, nodes } = plan('calico');
    expect(pods.map(({ metadata }) => metadata.name)).toEqual(['web', 'win', 'db-0', 'db-1']);
    expect(omittedPods).toBe(28);
    expect(pods[2]).toMatchObject({
      metadata: { namespace: 'shop', labels: { app: 'db' } },
      spec: {
        nodeName: 'n2',
        containers: [
          {
            ports: [
              { containerPort: 5432, name: 'sql' },
              { containerPort: 9, protocol: 'UDP' },
            ],
          },
        ],
      },
    });
    expect(nodes).toEqual([
      { name: 'n1', system: 'linux' },
      { name: 'n2', system: 'linux' },
      { name: 'w1', system: 'windows' },
    ]);
  });

  it('is a pod of as many kinds as there is room for, before a second one of any', () => {
    const kinds = Array.from({ length: 110 }, (_, i) =>
      ['a', 'b'].map((twin) => pod(`kind-${i}`, { name: `kind-${i}-${twin}`, ip: `10.51.${i}.${twin === 'a' ? 1 : 2}`, node: 'n1' })),
    ).flat();
    const told = kinds.map(({ metadata }) => policy(`of-${metadata.name ?? ''}`, { podSelector: { matchLabels: metadata.labels ?? {} } }));
    const cluster = [namespace('shop'), node('n1', '10.50.0.4'), ...kinds, ...told];
    const snapshot = loadSnapshot(cluster);
    const { pods, omittedPods, omittedKinds } = planRehearsal({
      objects: cluster,
      before: snapshot,
      after: snapshot,
      from: 'calico',
      to: 'cilium',
    });
    expect(new Set(pods.map(({ metadata }) => metadata.labels?.['app'])).size).toBe(100);
    expect([omittedPods, omittedKinds]).toEqual([120, 10]);
  });

  it('has an address for each part of the world outside that policies tell apart', () => {
    const told = [
      ...objects,
      policy('out', { podSelector: {}, policyTypes: ['Egress'], egress: [{ to: [{ ipBlock: { cidr: '198.51.100.0/24' } }] }] }),
    ];
    const snapshot = loadSnapshot(told);
    const { hosts } = planRehearsal({ objects: told, before: snapshot, after: snapshot, from: 'calico', to: 'cilium' });
    expect(hosts.map((host) => formatAddress(host)).sort()).toEqual(['192.0.2.10', '198.51.100.10']);
  });

  it('leaves out what the new engine does not run on', () => {
    expect(plan('cilium').nodes.map(({ name }) => name)).toEqual(['n1', 'n2']);
  });

  it('takes no policy of another API for one of Kubernetes, and has the accounts and labels that policies ask for', () => {
    const { apiVersion: _, ...calico } = policy('calico', { podSelector: {} });
    const web = pod('web', { ip: '10.50.1.1', node: 'n1' });
    const rack = node('n1', '10.50.0.4');
    const cluster = [
      namespace('shop'),
      { ...rack, metadata: { ...rack.metadata, labels: { ...rack.metadata.labels, rack: 'a' } } },
      { ...web, spec: { ...web.spec, serviceAccountName: 'seller' } },
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace: 'shop', name: 'seller', labels: { role: 'sells' } } },
      { apiVersion: 'projectcalico.org/v3', ...calico },
    ];
    const snapshot = loadSnapshot(cluster);
    const made = planRehearsal({ objects: cluster, before: snapshot, after: snapshot, from: 'calico', to: 'cilium' });
    expect(made.policies).toEqual([]);
    expect(made.nodes).toEqual([{ name: 'n1', system: 'linux', labels: { rack: 'a' } }]);
    expect(made.pods[0]?.spec?.serviceAccountName).toBe('seller');
    expect(made.accounts.map(({ metadata }) => metadata)).toEqual([{ namespace: 'shop', name: 'seller', labels: { role: 'sells' } }]);
  });

  it('lets services find their addresses anew', () => {
    expect(plan('calico').services.map(({ spec }) => spec)).toEqual([
      { type: 'NodePort', selector: { app: 'web' }, ports: [{ port: 80 }] },
    ]);
  });
});
