/** Objects of policy APIs that refer to others: what changes there changes what they say, any state to any state. */
import type { KubeObject } from '@weir/kube';
import { enforcementTarget } from '@weir/model';
import { describe, expect, it } from 'vitest';
import { applyDelta, difference, Engine, emptyDelta, emptyState, fromScratch, stateOf } from '../../src/index.ts';
import { namespaceOf, podOf } from '../objects.ts';
import { rulesOf } from './engine-scene.ts';

const target = enforcementTarget('calico');
const crd = (plural: string): string => `${plural}.crd.projectcalico.org`;

function object(
  kind: string,
  name: string,
  spec: unknown,
  labels: Readonly<Record<string, string>> = {},
): KubeObject & { readonly spec: unknown } {
  return { apiVersion: 'crd.projectcalico.org/v1', kind, metadata: { name, uid: `uid-${kind}-${name}`, labels }, spec };
}

type Objects = Readonly<Record<string, readonly KubeObject[]>>;

const shop = namespaceOf('shop', { team: 'a' });
const web = podOf('shop/web', { labels: { app: 'web' }, ip: '10.0.0.1', node: 'n1' });
const set = (...nets: readonly string[]): KubeObject => object('GlobalNetworkSet', 'partners', { nets }, { role: 'partner' });
const deny = object('GlobalNetworkPolicy', 'deny', { order: 1, ingress: [{ action: 'Deny', source: { selector: 'role == "partner"' } }] });

const states: readonly Objects[] = [
  {},
  { [crd('globalnetworkpolicies')]: [deny] },
  { [crd('globalnetworkpolicies')]: [deny], [crd('globalnetworksets')]: [set('192.0.2.0/24')] },
  { [crd('globalnetworkpolicies')]: [deny], [crd('globalnetworksets')]: [set('192.0.2.0/24', '198.51.100.0/24')] },
  { [crd('globalnetworkpolicies')]: [deny], [crd('globalnetworksets')]: [set('no address')] },
  { [crd('globalnetworksets')]: [set('192.0.2.0/24')] },
  { [crd('globalnetworkpolicies')]: [object('GlobalNetworkPolicy', 'deny', { ingress: [{ action: 'Allow', http: {} }] })] },
];

function keyOf(one: KubeObject): string {
  return `${one.metadata.namespace ?? ''}/${one.metadata.name ?? ''}`;
}

function tell(engine: Engine, from: Objects, to: Objects): void {
  for (const kind of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const next = new Set((to[kind] ?? []).map(keyOf));
    for (const one of from[kind] ?? []) {
      if (!next.has(keyOf(one))) engine.deletePolicyObject(kind, one.metadata.namespace, one.metadata.name ?? '');
    }
    for (const one of to[kind] ?? []) engine.upsertPolicyObject(kind, one);
  }
}

function started(): Engine {
  const engine = new Engine({ node: 'n1', target });
  engine.upsertNamespace(shop);
  engine.upsertPod(web);
  for (const source of engine.sources) engine.setInSync(source);
  return engine;
}

/** The state that somebody who starts from nothing computes, with what the engine has accepted before. */
function expectFromScratch(engine: Engine, objects: Objects): void {
  const accepted = engine.acceptedPolicies();
  const twin = fromScratch({
    node: 'n1',
    pods: [web],
    namespaces: [shop],
    policies: [],
    objects: { ...objects, namespaces: [shop] },
    accepted,
    attachments: [],
    target,
  });
  expect(difference(applyDelta(emptyState(), twin), stateOf(engine))).toEqual(emptyDelta);
}

describe('objects that policies refer to', () => {
  it('change what policies say, from any state to any other', () => {
    for (const from of states) {
      for (const to of states) {
        const engine = started();
        tell(engine, {}, from);
        engine.flush();
        expectFromScratch(engine, from);
        tell(engine, from, to);
        engine.flush();
        expectFromScratch(engine, to);
      }
    }
  });

  it('are counted once each, compile only the policies that asked for them, and leave nothing behind', () => {
    const engine = started();
    tell(engine, {}, states[2] ?? {});
    engine.flush();
    const { policiesCompiled } = engine.work;
    engine.upsertPolicyObject(crd('globalnetworksets'), { ...set('192.0.2.0/24'), metadata: { ...set().metadata, resourceVersion: '9' } });
    engine.upsertPolicyObject(crd('tiers'), object('Tier', 'other', { order: 3 }));
    engine.flush();
    expect(engine.work.policiesCompiled).toBe(policiesCompiled);
    engine.upsertPolicyObject(crd('globalnetworksets'), set('192.0.2.1'));
    engine.flush();
    expect(engine.work.policiesCompiled).toBe(policiesCompiled + 1);
    expect(rulesOf(stateOf(engine), 'uid-shop/web')).toHaveLength(2);
    tell(engine, { ...states[2], [crd('tiers')]: [object('Tier', 'other', {})] }, {});
    engine.deletePod('shop', 'web');
    engine.deleteNamespace('shop');
    engine.flush();
    for (const [what, count] of Object.entries(engine.sizes)) expect(`${what} ${count}`).toBe(`${what} 0`);
  });
});

describe('objects of policy APIs', () => {
  it('keep their accepted version over a restart, of whatever API they are', () => {
    const refused = object('GlobalNetworkPolicy', 'deny', { ingress: [{ action: 'Allow', http: {} }] });
    const [first, second] = [started(), started()];
    first.upsertPolicyObject(crd('globalnetworkpolicies'), deny);
    second.restoreAccepted(JSON.parse(JSON.stringify(first.acceptedPolicies())) as KubeObject[]);
    second.upsertPolicyObject(crd('globalnetworkpolicies'), refused);
    expect(second.refusedPolicies()).toMatchObject([{ inForce: 'closed' }]);
    const third = new Engine({ node: 'n1', target });
    third.restoreAccepted(first.acceptedPolicies());
    third.upsertPolicyObject(crd('globalnetworkpolicies'), refused);
    expect(third.refusedPolicies()).toMatchObject([{ inForce: 'accepted', kind: { kind: 'GlobalNetworkPolicy' } }]);
  });

  it('of kinds that the engine does not read are ignored', () => {
    const engine = new Engine({ node: 'n1', target: enforcementTarget('cilium') });
    engine.upsertPolicyObject(crd('globalnetworkpolicies'), deny);
    expect([engine.sizes.policies, engine.policyKinds.has(crd('globalnetworkpolicies'))]).toEqual([0, false]);
  });
});
