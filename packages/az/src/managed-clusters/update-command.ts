/** `az aks update`: reads the cluster, changes what arguments name, and sends the whole document back. */
import { type JsonObject, objectAt } from '@weir/kube';
import { refused } from '../az-error.ts';
import { type AzCommand, noWait } from '../command-line/az-command.ts';
import type { GivenArguments } from '../command-line/given-arguments.ts';
import { pairsOf } from '../command-line/tag-values.ts';
import { aksVersion, managedClusterShape } from '../models/managed-cluster-shape.ts';
import type { Terminal } from '../terminal.ts';
import { checkAuthorizedRanges } from './authorized-ranges.ts';
import { changedAutoscaler, changesAutoscaler, checkAutoscalerChange } from './autoscaler.ts';
import { checkNodeBounds, checkPoolShape, checkRegistries, checkResourceIds, taintsOf } from './client-checks.ts';
import { updateArguments } from './cluster-arguments.ts';
import { namedCluster, poolsOf, putAndWait, writableCluster } from './cluster-requests.ts';
import { accessOf, defined, kubeletIdentityOf, tierOf, upgradeChannelsOf } from './create-body.ts';
import { nodeLabelsOf } from './node-labels.ts';

export const updateCommand: AzCommand = {
  words: 'aks update',
  summary: 'Change a managed cluster: its network policy engine, its data plane, its network, its tags',
  arguments: [...updateArguments, noWait],
  examples: [
    'az aks update --resource-group myResourceGroup --name myAKSCluster --network-policy none',
    'az aks update -g myResourceGroup -n myAKSCluster --network-dataplane cilium',
    'az aks update -g myResourceGroup -n myAKSCluster --network-plugin-mode overlay --pod-cidr 10.244.0.0/16',
  ],
  run: async (invocation) => {
    const { given, terminal } = invocation;
    checkNodeBounds(given);
    checkRegistries(given);
    checkOpposites(given);
    checkPoolShape(given);
    checkResourceIds(given);
    checkAuthorizedRanges(given);
    checkAutoscalerChange(given);
    await confirmReconciliation(given, terminal);
    const arm = await invocation.arm();
    const path = namedCluster(given);
    const current = await arm.get(path, aksVersion);
    const pools = changedPools(poolsOf(current), given);
    if (pools === undefined) {
      terminal.warn(
        given.flag('disableClusterAutoscaler')
          ? 'Cluster autoscaler is already disabled for this node pool.'
          : 'Cluster autoscaler is already enabled for this node pool.\nPlease run "az aks --update-cluster-autoscaler" if you want to update min-count or max-count.',
      );
      return undefined;
    }
    const body = changedCluster(
      writableCluster({ ...current, properties: { ...objectAt(current, 'properties'), agentPoolProfiles: pools } }),
      given,
    );
    return putAndWait(invocation, arm, { path, body, shape: managedClusterShape });
  },
};

function checkOpposites(given: GivenArguments): void {
  const opposites = [
    ['enableAhub', 'disableAhub', 'Cannot specify "--enable-ahub" and "--disable-ahub" at the same time'],
    ['uptimeSla', 'noUptimeSla', 'Cannot specify "--uptime-sla" and "--no-uptime-sla" at the same time.'],
    [
      'disableLocalAccounts',
      'enableLocalAccounts',
      'Cannot specify --disable-local-accounts and --enable-local-accounts at the same time.',
    ],
  ] as const;
  for (const [one, other, message] of opposites) if (given.flag(one) && given.flag(other)) throw refused(message);
}

/** Nothing to change: az asks whether that is meant. */
async function confirmReconciliation(given: GivenArguments, terminal: Terminal): Promise<void> {
  const irrelevant = new Set([
    'resourceGroup',
    'name',
    'subscription',
    'yes',
    'noWait',
    'output',
    'query',
    'debug',
    'verbose',
    'onlyShowErrors',
  ]);
  const named = updateArguments.filter(({ name }) => !irrelevant.has(name));
  if (given.flag('yes') || given.flag('noWait') || named.some(({ name }) => given.has(name))) return;
  const question = 'No argument specified to update. Would you like to reconcile to current settings?';
  const answer = await terminal.confirm(question, 'n');
  if (answer === true) return;
  if (answer === undefined) throw refused(`${question} Without a terminal, say so with --yes.`);
  throw refused(`Please specify one or more of ${named.map(({ options }) => `"${options[0] ?? ''}"`).join(' or ')}.`);
}

/** Undefined: the autoscaler is as wished already. */
function changedPools(pools: readonly JsonObject[], given: GivenArguments): readonly JsonObject[] | undefined {
  const labels = given.texts('nodepoolLabels');
  const taints = given.text('nodepoolTaints');
  const changed = pools.map((pool) => ({
    ...pool,
    ...(labels === undefined ? {} : { nodeLabels: nodeLabelsOf(labels) }),
    ...(taints === undefined ? {} : { nodeTaints: taintsOf(taints) }),
  }));
  if (!changesAutoscaler(given)) return changed;
  if (changed.length > 1) {
    throw refused(
      'There are more than one node pool in the cluster. Please use "az aks nodepool" command to update per node pool auto scaler settings',
    );
  }
  const [pool = {}] = changed;
  const scaled = changedAutoscaler(given, pool);
  return scaled === undefined ? undefined : [scaled];
}

function changedCluster(current: JsonObject, given: GivenArguments): JsonObject {
  const properties = objectAt(current, 'properties') ?? {};
  const tags = given.texts('tags');
  const tier = tierOf(given);
  const identity = given.text('assignIdentity');
  const merged = (field: string, changes: JsonObject | undefined): JsonObject =>
    changes === undefined ? {} : { [field]: { ...objectAt(properties, field), ...changes } };
  return {
    ...current,
    ...(tags === undefined ? {} : { tags: pairsOf(tags) }),
    ...(tier === undefined ? {} : { sku: { name: 'Base', tier } }),
    ...(identity === undefined ? {} : { identity: { type: 'UserAssigned', userAssignedIdentities: { [identity]: {} } } }),
    properties: {
      ...properties,
      ...merged('networkProfile', networkChanges(given)),
      ...merged('windowsProfile', windowsChanges(given)),
      ...merged('autoUpgradeProfile', upgradeChannelsOf(given)),
      ...merged('apiServerAccessProfile', accessOf(given)),
      ...merged('identityProfile', kubeletIdentityOf(given)),
      ...(given.flag('enableOidcIssuer') ? { oidcIssuerProfile: { enabled: true } } : {}),
      ...(given.flag('disableLocalAccounts') ? { disableLocalAccounts: true } : {}),
      ...(given.flag('enableLocalAccounts') ? { disableLocalAccounts: false } : {}),
    },
  };
}

function networkChanges(given: GivenArguments): JsonObject | undefined {
  const names = ['networkPlugin', 'networkPluginMode', 'networkPolicy', 'networkDataplane', 'podCidr', 'outboundType'];
  const changes = defined(Object.fromEntries(names.map((name) => [name, given.text(name)])));
  if (Object.keys(changes).length === 0) return undefined;
  const podCidr = given.text('podCidr');
  return podCidr === undefined ? changes : { ...changes, podCidrs: [podCidr] };
}

function windowsChanges(given: GivenArguments): JsonObject | undefined {
  const changes = defined({
    adminPassword: given.text('windowsAdminPassword'),
    licenseType: given.flag('enableAhub') ? 'Windows_Server' : given.flag('disableAhub') ? 'None' : undefined,
  });
  return Object.keys(changes).length === 0 ? undefined : changes;
}
