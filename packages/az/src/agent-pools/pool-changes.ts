/** `az aks nodepool` commands that make a pool, or change it. */
import { type JsonObject, numberAt, objectAt, textAt } from '@weir/kube';
import { refused } from '../az-error.ts';
import { argument, flag } from '../command-line/argument.ts';
import { type AzCommand, noWait, yes } from '../command-line/az-command.ts';
import type { GivenArguments } from '../command-line/given-arguments.ts';
import { pairsOf } from '../command-line/tag-values.ts';
import { changedAutoscaler, checkAutoscalerChange } from '../managed-clusters/autoscaler.ts';
import {
  checkNodeBounds,
  checkPoolName,
  checkPoolShape,
  checkResourceIds,
  kubernetesVersion,
  taintsOf,
} from '../managed-clusters/client-checks.ts';
import { putAndWait } from '../managed-clusters/cluster-requests.ts';
import { defined, poolNodesOf } from '../managed-clusters/create-body.ts';
import { nodeLabelsOf } from '../managed-clusters/node-labels.ts';
import { confirmUpgrade, upgradeNodeImage } from '../managed-clusters/upgrade-command.ts';
import { agentPoolShape } from '../models/managed-cluster-shape.ts';
import { addPoolArguments, poolNamed, updatePoolArguments } from './pool-arguments.ts';
import { changePool, hasPool, poolPath } from './pool-requests.ts';

export const addPool: AzCommand = {
  words: 'aks nodepool add',
  summary: 'Add a node pool to a managed cluster',
  arguments: [...addPoolArguments, noWait],
  examples: [
    'az aks nodepool add --resource-group myResourceGroup --cluster-name myAKSCluster --os-type Windows --name npwin --node-count 1',
  ],
  run: async (invocation) => {
    const { given } = invocation;
    const name = given.required('nodepoolName');
    checkPoolName(name);
    checkResourceIds(given);
    checkNodeBounds(given);
    checkPoolShape(given);
    checkSpotPrice(given);
    const mode = given.text('mode') ?? 'User';
    const osType = systemOf(given, mode);
    const properties = {
      ...poolNodesOf(given, mode),
      osType,
      mode,
      scaleDownMode: given.text('scaleDownMode') ?? 'Delete',
      ...spotOf(given),
      ...operatingFields(given, {}),
    };
    const arm = await invocation.arm();
    if (await hasPool(arm, given)) {
      throw refused(
        `Node pool ${name} already exists, please try a different name, use 'aks nodepool list' to get current list of node pool`,
      );
    }
    return putAndWait(invocation, arm, { path: poolPath(given), body: { properties }, shape: agentPoolShape });
  },
};

export const updatePool: AzCommand = {
  words: 'aks nodepool update',
  summary: 'Change a node pool',
  arguments: [...updatePoolArguments, noWait],
  run: (invocation) => {
    const { given, terminal } = invocation;
    checkPoolName(given.required('nodepoolName'));
    checkNodeBounds(given);
    checkPoolShape(given);
    checkAutoscalerChange(given);
    return changePool(invocation, (pool) => {
      const scaled = changedAutoscaler(given, pool);
      if (scaled !== undefined) return { ...scaled, ...operatingFields(given, scaled) };
      terminal.warn(
        given.flag('disableClusterAutoscaler')
          ? 'Cluster autoscaler is already disabled for this node pool.'
          : 'Cluster autoscaler is already enabled for this node pool.\nPlease run "az aks --update-cluster-autoscaler" if you want to update min-count or max-count.',
      );
      return undefined;
    });
  },
};

export const scalePool: AzCommand = {
  words: 'aks nodepool scale',
  summary: 'Change how many nodes a pool has',
  arguments: [...poolNamed, argument('--node-count -c', 'Number of nodes; 3 when left out', { type: 'int' }), noWait],
  run: (invocation) => {
    const { given } = invocation;
    checkPoolName(given.required('nodepoolName'));
    const count = given.number('nodeCount') ?? 3;
    return changePool(invocation, (pool) => {
      if (pool['enableAutoScaling'] === true) throw refused('Cannot scale cluster autoscaler enabled node pool.');
      if (numberAt(pool, 'count') === count) throw refused('The new node count is the same as the current node count.');
      return { ...pool, count };
    });
  },
};

export const upgradePool: AzCommand = {
  words: 'aks nodepool upgrade',
  summary: "Take a pool's nodes to a version of Kubernetes, or to a new image",
  arguments: [
    ...poolNamed,
    argument('--kubernetes-version -k', 'Version of Kubernetes'),
    flag('--node-image-only', 'Only the image'),
    argument('--max-surge', 'How many nodes more there may be meanwhile'),
    argument('--aks-custom-headers', 'Further headers of the request, key=value with commas between'),
    yes,
    noWait,
  ],
  run: async (invocation) => {
    const { given, terminal } = invocation;
    checkPoolName(given.required('nodepoolName'));
    const version = kubernetesVersion(given.text('kubernetesVersion'));
    checkConflicts(given, version);
    if (given.flag('nodeImageOnly')) {
      const arm = await invocation.arm();
      return upgradeNodeImage(arm, poolPath(given), !given.flag('noWait'));
    }
    return changePool(invocation, async (pool) => {
      if (version !== '' && !(await confirmUpgrade({ given, terminal }, upgradeQuestion(pool, version), undefined))) return undefined;
      const surge = given.text('maxSurge');
      const upgradeSettings = { ...objectAt(pool, 'upgradeSettings'), ...(surge === undefined ? {} : { maxSurge: surge }) };
      return { ...pool, orchestratorVersion: version, upgradeSettings };
    });
  },
};

export const powerCommands: readonly AzCommand[] = [
  { word: 'start', code: 'Running', summary: 'Start a stopped node pool' },
  { word: 'stop', code: 'Stopped', summary: 'Stop a node pool: its nodes go, the pool stays' },
].map(({ word, code, summary }) => ({
  words: `aks nodepool ${word}`,
  summary,
  arguments: [...poolNamed, argument('--aks-custom-headers', 'Further headers of the request, key=value with commas between'), noWait],
  run: async (invocation) => {
    const { given } = invocation;
    if (!(await hasPool(await invocation.arm(), given))) {
      throw refused(`Node pool ${given.required('nodepoolName')} doesnt exist, use 'aks nodepool list' to get current node pool list`);
    }
    return changePool(invocation, (pool) => ({ ...pool, powerState: { code } }));
  },
}));

function checkConflicts(given: GivenArguments, version: string): void {
  if (!given.flag('nodeImageOnly')) return;
  if (version !== '') {
    throw refused(
      'Conflicting flags. Upgrading the Kubernetes version will also upgrade node image version. If you only want to upgrade the node version please use the "--node-image-only" option only.',
    );
  }
  if (given.has('maxSurge')) {
    throw refused(
      'Conflicting flags. Unable to specify max-surge with node-image-only.If you want to use max-surge with a node image upgrade, please first update max-surge using "az aks nodepool update --max-surge".',
    );
  }
}

function upgradeQuestion(pool: JsonObject, version: string): string {
  return textAt(pool, 'orchestratorVersion') === version
    ? 'The new kubernetes version is the same as the current kubernetes version.'
    : `This upgrades the node pool to version ${version}: its nodes are replaced. Continue?`;
}

function systemOf(given: GivenArguments, mode: string): string {
  const osType = given.text('osType') ?? 'Linux';
  const isWindows = osType.toLowerCase() === 'windows';
  if (isWindows && mode === 'System') throw refused('System node pool must be linux.');
  if (!isWindows && (given.text('osSku') ?? '').startsWith('Windows')) {
    throw refused("OS SKU is invalid for Linux OS Type. Please specify '--os-type Windows' for Windows SKUs");
  }
  return osType;
}

function spotOf(given: GivenArguments): JsonObject {
  if (given.text('priority') !== 'Spot') {
    return {};
  }
  return {
    scaleSetPriority: 'Spot',
    scaleSetEvictionPolicy: given.text('evictionPolicy') ?? 'Delete',
    spotMaxPrice: given.number('spotMaxPrice') ?? -1,
  };
}

function checkSpotPrice(given: GivenArguments): void {
  const price = given.number('spotMaxPrice');
  if (price === undefined) return;
  if (given.text('priority') !== 'Spot') throw refused('--spot_max_price can only be set when --priority is Spot');
  if ((String(price).split('.')[1] ?? '').length > 5) throw refused('--spot_max_price can only include up to 5 decimal places');
  if (price <= 0 && price !== -1) {
    throw refused(
      '--spot_max_price can only be any decimal value greater than zero, or -1 which indicates default price to be up-to on-demand',
    );
  }
}

/** What may be changed of a pool at any time. */
function operatingFields(given: GivenArguments, pool: JsonObject): JsonObject {
  const [labels, tags, taints, surge] = [given.texts('labels'), given.texts('tags'), given.text('nodeTaints'), given.text('maxSurge')];
  return defined({
    nodeLabels: labels === undefined ? undefined : nodeLabelsOf(labels),
    tags: tags === undefined ? undefined : pairsOf(tags),
    nodeTaints: taints === undefined ? undefined : taintsOf(taints),
    upgradeSettings: surge === undefined ? undefined : { ...objectAt(pool, 'upgradeSettings'), maxSurge: surge },
    mode: given.text('mode'),
    scaleDownMode: given.text('scaleDownMode'),
  });
}
