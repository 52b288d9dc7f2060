/** What Windows lacks and is expressed by other means, on packets, while pods and namespaces change. */
import type { NetworkPolicy } from '@weir/kube';
import { netpolPolicy as policy } from '@weir/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { behavingLike, hnsBackEnd } from './packets/back-ends.ts';
import { PolicedNetwork } from './packets/policed-network.ts';
import { probeFlows } from './packets/probe-flows.ts';
import { podAddressOf, podEnd, twoNodeWorld } from './packets/two-node-world.ts';

const families = [4, 6] as const;
type Labels = Readonly<Record<string, Readonly<Record<string, string>>>>;

describe('with windowsExpandUnsupported HNS enforces', () => {
  let policed: PolicedNetwork;
  beforeAll(() => {
    policed = new PolicedNetwork(behavingLike(hnsBackEnd, 'kubernetes', true));
  });
  afterAll(async () => {
    await policed.close();
  });

  /** Moves on to the labels, and says which of the others reach x/a in the way that they should not, or do not as they should. */
  async function wrong(policies: readonly NetworkPolicy[], labels: Labels, allowed: readonly string[]): Promise<string[]> {
    const world = twoNodeWorld({ policies, labels });
    await policed.moveTo(world);
    const others = ['x/b', 'x/c', 'y/a', 'y/b', 'z/c'];
    const expected = others.flatMap((pod) =>
      families.map((family) => ({
        flow: { source: podEnd(pod, family), destination: podEnd('x/a', family), protocol: 'TCP' as const, port: 80 },
        allowed: allowed.includes(pod),
      })),
    );
    return (await probeFlows(policed.network, world, expected)).map((each) => JSON.stringify(each));
  }

  const letIn = (name: string, ...from: NonNullable<NonNullable<NonNullable<NetworkPolicy['spec']>['ingress']>[number]['from']>) =>
    policy('x', name, { podSelector: { matchLabels: { pod: 'a' } }, policyTypes: ['Ingress'], ingress: [{ from }] });

  it('negative selectors of pods and namespaces, for every label that comes and goes', async () => {
    const policies = [
      letIn('not-enemies', {
        podSelector: { matchExpressions: [{ key: 'role', operator: 'NotIn', values: ['enemy', 'spy'] }] },
        namespaceSelector: { matchExpressions: [{ key: 'closed', operator: 'DoesNotExist' }] },
      }),
    ];
    expect(await wrong(policies, {}, ['x/b', 'x/c', 'y/a', 'y/b', 'z/c'])).toEqual([]);
    expect(await wrong(policies, { 'x/b': { role: 'enemy' }, 'y/a': { role: 'friend' } }, ['x/c', 'y/a', 'y/b', 'z/c'])).toEqual([]);
    expect(await wrong(policies, { 'x/b': { role: 'spy' }, 'x/c': { role: 'enemy' }, y: { closed: 'yes' } }, ['z/c'])).toEqual([]);
    expect(await wrong(policies, { 'x/c': { role: 'enemy' }, z: { closed: '' } }, ['x/b', 'y/a', 'y/b'])).toEqual([]);
    expect(await policed.drift()).toEqual([]);
  });

  it('blocks around their exceptions, whichever pods have the addresses', async () => {
    const except = (...pods: readonly string[]) => [
      letIn(
        'but',
        { ipBlock: { cidr: '10.224.1.0/24', except: pods.map((pod) => `${podAddressOf(pod, 4)}/32`) } },
        { ipBlock: { cidr: 'fd00:224:1::/64', except: pods.map((pod) => `${podAddressOf(pod, 6)}/128`) } },
      ),
    ];
    expect(await wrong(except('x/b'), {}, ['x/c', 'y/a', 'y/b', 'z/c'])).toEqual([]);
    expect(await wrong(except('x/c', 'z/c'), { 'x/b': { role: 'enemy' } }, ['x/b', 'y/a', 'y/b'])).toEqual([]);
    expect(await policed.drift()).toEqual([]);
  });
});
