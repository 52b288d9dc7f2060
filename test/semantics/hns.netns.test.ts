import { createHnsDataplane } from '@weir/dataplane';
import type { HnsDoor, HnsEndpoint, HnsPolicy } from '@weir/kernel';
import { defined } from '@weir/net';
import { followingHns } from '../../packages/lab/test/hns-emulator/emulated-node.ts';
import { type BackEnd, hnsBackEnd, inNode } from '../packets/back-ends.ts';
import { podAddressOf } from '../packets/two-node-world.ts';
import { describeChanges, type Vandalism } from './changes.ts';
import { describeSemantics } from './semantics.ts';
import { describeUpstreamCases } from './upstream-cases.ts';
import { windowsLacks } from './windows-lacks.ts';

/** The doors of the nodes, by their namespaces: what others change, they change through them. */
const doors = new Map<string, HnsDoor>();
const backEnd: BackEnd = {
  ...hnsBackEnd,
  open: ({ netns, pods }) =>
    inNode(netns, () => {
      const door = followingHns(pods);
      doors.set(netns, door);
      return createHnsDataplane({ door });
    }),
};

const replaceAcls =
  (change: (acls: readonly HnsPolicy[]) => readonly HnsPolicy[]): Vandalism =>
  async (netns) => {
    const door = defined(doors.get(netns), 'the node has a door');
    const server = podAddressOf('x/c', 4);
    const isServer = ({ IpConfigurations }: HnsEndpoint): boolean => IpConfigurations.some(({ IpAddress }) => IpAddress === server);
    const { ID, Policies } = defined((await door.endpoints()).find(isServer), 'the server has an endpoint');
    await door.modifyEndpoint(ID, { ResourceType: 'Policy', RequestType: 'Update', Settings: { Policies: change(Policies) } });
  };

const emptySets: Vandalism = async (netns) => {
  const door = defined(doors.get(netns), 'the node has a door');
  const { ID, Policies } = defined((await door.networks())[0], 'the node has a network');
  const emptied = Policies.map(({ Type, Settings }) => ({ Type, Settings: Settings as Readonly<Record<string, unknown>> }))
    .filter(({ Settings }) => Settings['PolicyType'] === 'IPSET')
    .map(({ Type, Settings }) => ({ Type, Settings: { ...Settings, Values: '192.0.2.99' } }));
  await door.modifyNetwork(ID, { ResourceType: 'Policy', RequestType: 'Update', Settings: { Policies: emptied } });
};

describeSemantics(hnsBackEnd);
describeUpstreamCases(hnsBackEnd, windowsLacks);
describeChanges(backEnd, {
  'an endpoint without its ACLs': replaceAcls(() => []),
  'a deleted ACL': replaceAcls((acls) => acls.slice(1)),
  'sets with other members': emptySets,
});
