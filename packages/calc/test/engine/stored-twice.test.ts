/** Policies of Calico that are stored under the names of two releases at once, while its migration is under way. */
import type { KubeObject } from '@weir/kube';
import { enforcementTarget } from '@weir/model';
import { expect, it } from 'vitest';
import { applyDelta, difference, Engine, emptyDelta, emptyState, fromScratch, stateOf } from '../../src/index.ts';
import { namespaceOf, podOf } from '../objects.ts';
import { rulesOf } from './engine-scene.ts';

const target = enforcementTarget('calico');
const kind = 'networkpolicies.crd.projectcalico.org';
const shop = namespaceOf('shop');
const web = podOf('shop/web', { ip: '10.0.0.1', node: 'n1' });

/** Stored under `name`; `known`: the name that its annotation gives. */
function policy(name: string, port: number | string, known?: string): KubeObject {
  const spec = { tier: 'default', ingress: [{ action: 'Allow', protocol: 'TCP', destination: { ports: [port] } }] };
  const annotations = { 'projectcalico.org/metadata': JSON.stringify(known === undefined ? {} : { name: known }) };
  return {
    apiVersion: 'crd.projectcalico.org/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace: 'shop', name, uid: `uid-${name}-${known ?? ''}`, annotations },
    spec,
  } as KubeObject;
}

const situations: readonly (readonly KubeObject[])[] = [
  [],
  [policy('default.web', 80)],
  [policy('web', 81, 'web')],
  [policy('default.web', 80), policy('web', 81, 'web')],
  [policy('web', 82, 'web'), policy('default.web', 80)],
  // Not valid, of which the accepted version or a closed one is in force.
  [policy('default.web', 80), policy('web', '99999:1', 'web')],
  [policy('default.web', 83, 'web'), policy('other.web', 84, 'web')],
  [policy('default.web', 80, 'shop'), policy('web', 81, 'web'), policy('shop', 85, 'shop')],
];

function tell(engine: Engine, from: readonly KubeObject[], to: readonly KubeObject[]): void {
  for (const { metadata } of from) {
    if (to.every((one) => one.metadata.name !== metadata.name)) engine.deletePolicyObject(kind, 'shop', metadata.name ?? '');
  }
  for (const one of to) engine.upsertPolicyObject(kind, one);
}

function startedWith(policies: readonly KubeObject[]): Engine {
  const engine = new Engine({ node: 'n1', target });
  engine.upsertNamespace(shop);
  engine.upsertPod(web);
  tell(engine, [], policies);
  for (const source of engine.sources) engine.setInSync(source);
  engine.flush();
  return engine;
}

function openPorts(engine: Engine): (number | undefined)[] {
  return rulesOf(stateOf(engine), 'uid-shop/web').map(({ ports }) => ports?.[0]?.first);
}

it('a policy that is stored twice is one, as it is stored under its own name', () => {
  const engine = startedWith([policy('default.web', 80), policy('web', 81, 'web')]);
  expect(openPorts(engine)).toEqual([81]);
  engine.deletePolicyObject(kind, 'shop', 'web');
  engine.flush();
  expect(openPorts(engine)).toEqual([80]);
  engine.upsertPolicyObject(kind, policy('web', 82, 'web'));
  engine.deletePolicyObject(kind, 'shop', 'default.web');
  engine.flush();
  expect([openPorts(engine), engine.localPolicies().map(({ policy: { name } }) => name)]).toEqual([[82], ['web']]);
});

it('any situation leads to any other as if it had come alone', () => {
  for (const from of situations) {
    for (const to of situations) {
      const engine = startedWith(from);
      tell(engine, from, to);
      engine.flush();
      const twin = fromScratch({
        node: 'n1',
        pods: [web],
        namespaces: [shop],
        policies: [],
        objects: { [kind]: to, namespaces: [shop] },
        accepted: engine.acceptedPolicies(),
        attachments: [],
        target,
      });
      expect(difference(applyDelta(emptyState(), twin), stateOf(engine))).toEqual(emptyDelta);
    }
  }
});
