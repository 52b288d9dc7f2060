/** What an engine is told of a world of Calico besides pods, namespaces, nodes and the policies. */
import type { Engine } from '@weir/calc';
import type { KubeObject } from '@weir/kube';
import type { CalicoWorld } from '../oracle/calico/calico-objects.ts';

/** One call for each object, in any order. */
export function calicoEvents(world: CalicoWorld): ((engine: Engine) => void)[] {
  const objects = (plural: string, list: readonly KubeObject[]): ((engine: Engine) => void)[] =>
    list.map((object) => (engine) => engine.upsertPolicyObject(`${plural}.crd.projectcalico.org`, object));
  const isGlobal = ({ kind }: KubeObject): boolean => kind === 'GlobalNetworkSet';
  return [
    ...objects('tiers', world.tiers),
    ...objects('globalnetworksets', world.networkSets.filter(isGlobal)),
    ...objects(
      'networksets',
      world.networkSets.filter((set) => !isGlobal(set)),
    ),
    ...objects('hostendpoints', world.hostEndpoints ?? []),
    ...objects('felixconfigurations', settingsOf(world)),
    ...world.serviceAccounts.map(
      (account) =>
        (engine: Engine): void =>
          engine.upsertServiceAccount(account),
    ),
  ];
}

function settingsOf({ endpointToHostAction }: CalicoWorld): KubeObject[] {
  if (endpointToHostAction === undefined) return [];
  const settings: KubeObject & Record<string, unknown> = {
    apiVersion: 'projectcalico.org/v3',
    kind: 'FelixConfiguration',
    metadata: { name: 'default' },
    spec: { defaultEndpointToHostAction: endpointToHostAction },
  };
  return [settings];
}
