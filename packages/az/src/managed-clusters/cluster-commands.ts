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

interface ClusterAction {
  readonly words: string;
  /** The last part of the path. */
  readonly action: string;
  readonly summary: string;
  readonly confirmation?: string;
}

const actions: readonly ClusterAction[] = [
  { words: 'aks start', action: 'start', summary: 'Start a stopped managed cluster' },
  { words: 'aks stop', action: 'stop', summary: 'Stop a managed cluster; what it holds stays' },
  { words: 'aks operation-abort', action: 'abort', summary: 'Stop the operation that is under way' },
  {
    words: 'aks rotate-certs',
    action: 'rotateClusterCertificates',
    summary: 'Give a managed cluster other certificates; kubeconfigs of before are worth nothing then',
    confirmation: 'Kubernetes will be unavailable during certificate rotation process.\nAre you sure you want to perform this operation?',
  },
  {
    words: 'aks oidc-issuer rotate-signing-keys',
    action: 'rotateServiceAccountSigningKeys',
    summary: 'Give the tokens of service accounts another key',
    confirmation:
      'Be careful that rotate oidc issuer signing keys twice within short period will invalidate service accounts token immediately. Please refer to doc for details.\nAre you sure you want to perform this operation?',
  },
];

/** Commands that are a POST without a body. */
const actionCommands: readonly AzCommand[] = actions.map(({ words, action, summary, confirmation }) => ({
  words,
  summary,
  arguments: [...clusterNamed, ...(confirmation === undefined ? [] : [yes]), noWait],
  ...(confirmation === undefined ? {} : { confirmation }),
  run: async ({ given, arm }) => {
    const client = await arm();
    const answer = await client.send({ method: 'POST', path: `${namedCluster(given)}/${action}`, version: aksVersion });
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
  ...actionCommands,
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
