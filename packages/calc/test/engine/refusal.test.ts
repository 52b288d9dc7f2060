/** Table tests of the engine's promises about refused policies; SPEC.md has the rules that titles name. */
import type { NetworkPolicy } from '@weir/kube';
import { describe, expect, it } from 'vitest';
import { applyDelta, Engine, emptyState } from '../../src/index.ts';
import { Follower } from '../follower.ts';
import { invalidPolicyOf, podOf, policyOf } from '../objects.ts';
import { at, programOf, rulesOf, shop, web } from './engine-scene.ts';

describe('refusal', () => {
  const valid = policyOf('shop/p', { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] }, 'one');

  it('R1 a refused version leaves the accepted one in force; with another uid it does not', () => {
    const follower = new Follower();
    follower.go({ namespaces: [shop], pods: [web], policies: [valid] });
    follower.go({ namespaces: [shop], pods: [web], policies: [invalidPolicyOf('shop/p', {}, 'one')] });
    expect(rulesOf(follower.state, 'uid-shop/web')).toHaveLength(1);
    expect(follower.engine.refusedPolicies()).toMatchObject([
      { inForce: 'accepted', diagnostics: [{ field: 'spec.ingress[0].ports[0].port' }] },
    ]);
    follower.go({ namespaces: [shop], pods: [web], policies: [invalidPolicyOf('shop/p', {}, 'two')] });
    expect(rulesOf(follower.state, 'uid-shop/web')).toHaveLength(0);
    expect(follower.engine.refusedPolicies()).toMatchObject([{ inForce: 'closed' }]);
    follower.go({ namespaces: [shop], pods: [web], policies: [policyOf('shop/p', valid.spec ?? {}, 'two')] });
    expect(follower.engine.refusedPolicies()).toEqual([]);
  });

  it.each([
    ['whom it selects', { podSelector: { matchLabels: { app: 'web' } } }, ['ingress'], []],
    ['in the directions that it names', { podSelector: {}, policyTypes: ['Egress' as const] }, ['egress'], ['egress']],
    ['both ways when egress is mentioned', { podSelector: {}, egress: [{}] }, ['egress', 'ingress'], ['egress', 'ingress']],
    [
      'the whole namespace when the selector cannot be read',
      { podSelector: { matchLabels: { 'no key!': '' } } },
      ['egress', 'ingress'],
      ['egress', 'ingress'],
    ],
  ])('R2 a policy that was never accepted isolates %s', (_what, spec, webDirections, otherDirections) => {
    const other = podOf('shop/other', { labels: { app: 'other' }, ip: '10.0.0.5', node: 'n1' });
    const outside = podOf('ops/pod', { ip: '10.0.0.6', node: 'n1' });
    const state = at({ namespaces: [shop], pods: [web, other, outside], policies: [invalidPolicyOf('shop/p', spec)] });
    const directions = (uid: string): string[] =>
      ['egress', 'ingress'].filter((direction) => programOf(state, uid, direction as 'ingress') !== undefined);
    expect(directions('uid-shop/web')).toEqual(webDirections);
    expect(directions('uid-shop/other')).toEqual(otherDirections);
    expect(directions('uid-ops/pod')).toEqual([]);
    for (const { tiers } of state.programs.values()) expect(tiers).toMatchObject([{ rules: [], end: 'deny' }]);
  });

  it('R3 a later process keeps what an earlier one accepted, before or after it hears of the policy', () => {
    const earlier = new Engine({ node: 'n1' });
    earlier.upsertNetworkPolicy(valid);
    const kept = JSON.parse(JSON.stringify(earlier.acceptedPolicies())) as NetworkPolicy[];
    for (const isEarly of [true, false]) {
      const engine = new Engine({ node: 'n1' });
      if (isEarly) engine.restoreAccepted(kept);
      engine.upsertNamespace(shop);
      engine.upsertPod(web);
      engine.upsertNetworkPolicy(invalidPolicyOf('shop/p', {}, 'one'));
      if (!isEarly) engine.restoreAccepted(kept);
      for (const source of engine.sources) engine.setInSync(source);
      expect(rulesOf(applyDelta(emptyState(), engine.flush()), 'uid-shop/web')).toHaveLength(1);
      engine.deleteNetworkPolicy('shop', 'p');
      expect(engine.acceptedPolicies()).toEqual([]);
    }
  });

  it('R3 accepted versions of policies that are gone are dropped once the policies are listed', () => {
    const engine = new Engine({ node: 'n1' });
    engine.restoreAccepted([valid]);
    expect(engine.acceptedPolicies()).toHaveLength(1);
    engine.setInSync('networkpolicies.networking.k8s.io');
    expect(engine.acceptedPolicies()).toEqual([]);
    engine.restoreAccepted([valid]);
    expect(engine.acceptedPolicies()).toEqual([]);
  });
});
