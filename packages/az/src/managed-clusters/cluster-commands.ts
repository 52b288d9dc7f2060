/** `az aks …`: managed clusters. */
import { argument } from '../command-line/argument.ts';
import { type AzCommand, location, noWait, subscription, yes } from '../command-line/az-command.ts';
import { waitCommand } from '../command-line/wait-command.ts';
import { aksVersion, clusterUpgradesShape } from '../models/managed-cluster-shape.ts';
import { shaped } from '../models/resource-shape.ts';
import { regionName } from '../resources/group-commands.ts';
import { endOf } from '../session/long-operation.ts';
import { clusterNamed } from './cluster-arguments.ts';
import { clustersPath, namedCluster, shownCluster } from './cluster-requests.ts';
import { clusterTable, upgradesTable, versionsTable } from './cluster-tables.ts';
import { commandCommands } from './command-commands.ts';
import { createCommand } from './create-command.ts';
import { credentialsCommand } from './credentials-command.ts';
import { scaleCommand } from './scale-command.ts';
import { updateCommand } from './update-command.ts';
import { upgradeCommand } from './upgrade-command.ts';

const powerCommands: readonly AzCommand[] = [
  { word: 'start', summary: 'Start a stopped managed cluster' },
  { word: 'stop', summary: 'Stop a managed cluster; what it holds stays' },
].map(({ word, summary }) => ({
  words: `aks ${word}`,
  summary,
  arguments: [...clusterNamed, noWait],
  run: async ({ given, arm }) => {
    const client = await arm();
    const answer = await client.send({ method: 'POST', path: `${namedCluster(given)}/${word}`, version: aksVersion });
    if (!given.flag('noWait')) await endOf(client, answer, false);
    return undefined;
  },
}));

/** The commands. */
export const clusterCommands: readonly AzCommand[] = [
  createCommand,
  updateCommand,
  scaleCommand,
  upgradeCommand,
  credentialsCommand,
  ...powerCommands,
  ...commandCommands,
  {
    words: 'aks show',
    summary: 'Show a managed cluster',
    arguments: clusterNamed,
    table: clusterTable,
    run: async ({ given, arm }) => shownCluster(await (await arm()).get(namedCluster(given), aksVersion)),
  },
  {
    words: 'aks list',
    summary: 'List managed clusters',
    arguments: [argument('--resource-group -g', 'Only those of this resource group', { configuredDefault: 'group' }), subscription],
    table: clusterTable,
    run: async ({ given, arm }) => (await (await arm()).list(clustersPath(given.text('resourceGroup')), aksVersion)).map(shownCluster),
  },
  {
    words: 'aks delete',
    summary: 'Delete a managed cluster',
    arguments: [...clusterNamed, yes, noWait],
    confirmation: 'Are you sure you want to perform this operation?',
    run: async ({ given, arm }) => {
      const client = await arm();
      const answer = await client.send({ method: 'DELETE', path: namedCluster(given), version: aksVersion });
      if (!given.flag('noWait') && answer.status !== 204) await endOf(client, answer, false);
      return undefined;
    },
  },
  {
    words: 'aks get-versions',
    summary: 'List the versions of Kubernetes that a region has',
    arguments: [{ ...location, isRequired: true }, subscription],
    table: versionsTable,
    run: async ({ given, arm }) => {
      const region = encodeURIComponent(regionName(given.required('location')));
      return (await arm()).get(`/providers/Microsoft.ContainerService/locations/${region}/kubernetesVersions`, aksVersion);
    },
  },
  {
    words: 'aks get-upgrades',
    summary: 'List the versions that a managed cluster may go to',
    arguments: clusterNamed,
    table: upgradesTable,
    run: async ({ given, arm }) =>
      shaped(await (await arm()).get(`${namedCluster(given)}/upgradeProfiles/default`, aksVersion), clusterUpgradesShape),
  },
  waitCommand('aks wait', clusterNamed, async ({ given, arm }) => {
    return (await arm()).ask({ method: 'GET', path: namedCluster(given), version: aksVersion });
  }),
];
