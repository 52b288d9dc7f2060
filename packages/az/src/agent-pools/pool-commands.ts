/** `az aks nodepool …`: node pools. */
import { type AzCommand, noWait, subscription } from '../command-line/az-command.ts';
import { waitCommand } from '../command-line/wait-command.ts';
import { checkPoolName } from '../managed-clusters/client-checks.ts';
import { poolTable } from '../managed-clusters/cluster-tables.ts';
import { agentPoolShape, aksVersion, poolUpgradesShape } from '../models/managed-cluster-shape.ts';
import { shaped } from '../models/resource-shape.ts';
import { endOf } from '../session/long-operation.ts';
import { poolNamed, poolsOfCluster } from './pool-arguments.ts';
import { addPool, powerCommands, scalePool, updatePool, upgradePool } from './pool-changes.ts';
import { checkPoolExists, poolPath, poolsPath } from './pool-requests.ts';

/** The commands. */
export const poolCommands: readonly AzCommand[] = [
  addPool,
  updatePool,
  scalePool,
  upgradePool,
  ...powerCommands,
  {
    words: 'aks nodepool list',
    summary: 'List the node pools of a managed cluster',
    arguments: [...poolsOfCluster, subscription],
    table: poolTable,
    run: async ({ given, arm }) => (await (await arm()).list(poolsPath(given), aksVersion)).map((pool) => shaped(pool, agentPoolShape)),
  },
  {
    words: 'aks nodepool show',
    summary: 'Show a node pool',
    arguments: poolNamed,
    table: poolTable,
    run: async ({ given, arm }) => {
      checkPoolName(given.required('nodepoolName'));
      return shaped(await (await arm()).get(poolPath(given), aksVersion), agentPoolShape);
    },
  },
  {
    words: 'aks nodepool delete',
    summary: 'Delete a node pool',
    arguments: [...poolNamed, noWait],
    run: async ({ given, arm }) => {
      checkPoolName(given.required('nodepoolName'));
      const client = await arm();
      await checkPoolExists(client, given);
      const answer = await client.send({ method: 'DELETE', path: poolPath(given), version: aksVersion });
      if (!given.flag('noWait')) await endOf(client, answer, false);
      return undefined;
    },
  },
  {
    words: 'aks nodepool operation-abort',
    summary: "Stop the pool's operation that is under way",
    arguments: [...poolNamed, noWait],
    run: async ({ given, arm }) => {
      const client = await arm();
      const answer = await client.send({ method: 'POST', path: `${poolPath(given)}/abort`, version: aksVersion });
      if (!given.flag('noWait')) await endOf(client, answer, false);
      return undefined;
    },
  },
  {
    words: 'aks nodepool get-upgrades',
    summary: 'List the versions that a node pool may go to',
    arguments: poolNamed,
    run: async ({ given, arm }) =>
      shaped(await (await arm()).get(`${poolPath(given)}/upgradeProfiles/default`, aksVersion), poolUpgradesShape),
  },
  waitCommand('aks nodepool wait', poolNamed, async ({ given, arm }) => {
    return (await arm()).ask({ method: 'GET', path: poolPath(given), version: aksVersion });
  }),
];
