/** Rules that ask for addresses of the endpoint that their policy selects: Calico's `nets` of a rule's own end. */
import type { KubeObject, Pod } from '@weir/kube';
import { enforcementTarget } from '@weir/model';
import { expect, it } from 'vitest';
import { applyDelta, difference, Engine, emptyDelta, emptyState, fromScratch, stateOf } from '../../src/index.ts';
import { namespaceOf, podOf } from '../objects.ts';
import { rulesOf } from './engine-scene.ts';

const target = enforcementTarget('calico');
const kind = 'globalnetworkpolicies.crd.projectcalico.org';
const shop = namespaceOf('shop');

interface Situation {
  /** Of two pods of equal labels; several are apart by a comma. */
  readonly addresses: readonly [string, string];
  readonly policies: readonly KubeObject[];
}

function policy(name: string, rule: object): KubeObject {
  const spec = { selector: 'all()', ingress: [{ action: 'Deny', source: { nets: ['192.0.2.0/24'] } }, rule] };
  const metadata = { name, uid: `uid-${name}` };
  return { apiVersion: 'crd.projectcalico.org/v1', kind: 'GlobalNetworkPolicy', metadata, spec } as KubeObject;
}

const inNet = policy('in', { action: 'Allow', destination: { nets: ['10.0.1.0/24'] } });
const outOfNet = policy('out', { action: 'Allow', destination: { notNets: ['10.0.1.0/24'] } });
const ofSixth = policy('sixth', { action: 'Allow', destination: { nets: ['fd00:1::/64'] } });
const plain = policy('plain', { action: 'Allow' });

function podsOf({ addresses }: Situation): Pod[] {
  return addresses.map((text, i) => {
    const [ip = '', ...others] = text.split(',');
    const pod = podOf(`shop/p${i}`, { ip, node: 'n1' });
    return { ...pod, status: { ...pod.status, podIPs: [{ ip }, ...others.map((other) => ({ ip: other }))] } };
  });
}

/** The actions of a pod's rules, in order. */
function actions(engine: Engine, pod: number): string[] {
  return rulesOf(stateOf(engine), `uid-shop/p${pod}`).map(({ action }) => action);
}

const situations: readonly Situation[] = [
  { addresses: ['10.0.0.1', '10.0.1.1'], policies: [] },
  { addresses: ['10.0.0.1', '10.0.1.1'], policies: [plain] },
  { addresses: ['10.0.0.1', '10.0.1.1'], policies: [inNet] },
  { addresses: ['10.0.0.1', '10.0.1.1'], policies: [inNet, outOfNet, plain] },
  { addresses: ['10.0.1.2', '10.0.0.1'], policies: [inNet] },
  { addresses: ['10.0.0.1,fd00:1::1', '10.0.0.2,fd00:2::1'], policies: [ofSixth, outOfNet] },
  // Both claim the one address, of which one owner alone has the programs.
  { addresses: ['10.0.1.1', '10.0.1.1'], policies: [inNet] },
];

function tell(engine: Engine, from: Situation, to: Situation): void {
  for (const one of from.policies) if (!to.policies.includes(one)) engine.deletePolicyObject(kind, undefined, one.metadata.name ?? '');
  for (const one of to.policies) engine.upsertPolicyObject(kind, one);
  for (const pod of podsOf(to)) engine.upsertPod(pod);
}

function startedIn(situation: Situation): Engine {
  const engine = new Engine({ node: 'n1', target });
  engine.upsertNamespace(shop);
  tell(engine, { addresses: ['', ''], policies: [] }, situation);
  for (const source of engine.sources) engine.setInSync(source);
  engine.flush();
  return engine;
}

it('a rule that asks for addresses of its own end is for the endpoints that have such an address', () => {
  const engine = startedIn({ addresses: ['10.0.0.1', '10.0.1.1'], policies: [inNet] });
  expect([actions(engine, 0), actions(engine, 1)]).toEqual([['deny'], ['deny', 'allow']]);
  const outside = startedIn({ addresses: ['10.0.0.1', '10.0.1.1'], policies: [outOfNet] });
  expect([actions(outside, 0), actions(outside, 1)]).toEqual([['deny', 'allow'], ['deny']]);
});

it('such a rule is about the family of the address alone', () => {
  const engine = startedIn({ addresses: ['10.0.0.1,fd00:1::1', '10.0.0.2,fd00:2::1'], policies: [ofSixth] });
  expect([actions(engine, 0), actions(engine, 1)]).toEqual([['deny', 'allow'], ['deny']]);
  const state = stateOf(engine);
  const [, allowing] = rulesOf(state, 'uid-shop/p0');
  expect(allowing?.peer.map(({ set }) => state.peerSets.get(set))).toMatchObject([{ kind: 'range', ranges: [{ first: { family: 6 } }] }]);
});

it('endpoints with equal labels are subjects apart only while a policy asks for addresses', () => {
  const engine = startedIn({ addresses: ['10.0.0.1', '10.0.1.1'], policies: [plain] });
  const before = engine.sizes.subjects;
  engine.upsertPolicyObject(kind, inNet);
  engine.flush();
  expect(engine.sizes.subjects).toBeGreaterThan(before);
  engine.deletePolicyObject(kind, undefined, 'in');
  engine.flush();
  expect(engine.sizes.subjects).toBe(before);
});

it('any situation leads to any other as if it had come alone', () => {
  for (const from of situations) {
    for (const to of situations) {
      const engine = startedIn(from);
      tell(engine, from, to);
      engine.flush();
      const twin = fromScratch({
        node: 'n1',
        pods: podsOf(to),
        namespaces: [shop],
        policies: [],
        objects: { [kind]: to.policies, namespaces: [shop] },
        accepted: engine.acceptedPolicies(),
        attachments: [],
        target,
      });
      expect(difference(applyDelta(emptyState(), twin), stateOf(engine))).toEqual(emptyDelta);
    }
  }
});
