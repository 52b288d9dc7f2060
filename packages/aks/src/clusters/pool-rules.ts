/** Which node pools a cluster may have; each rule is a row of the reference's §4.1, or marked as Weir's own. */

import { type ArmError, providerError } from '../arm/arm-error.ts';
import type { AgentPool } from './agent-pool.ts';
import { parseVersion } from './kubernetes-versions.ts';
import type { NetworkProfile } from './network-profile.ts';
import { poolAddressProblem } from './pool-addresses.ts';
import { poolFieldsProblem } from './pool-fields.ts';
import { poolLabelsProblem } from './pool-labels.ts';
import type { WindowsProfile } from './windows-profile.ts';
import { windowsSystem, windowsSystems } from './windows-systems.ts';

/** What is looked at: all pools as they would be. */
export interface PoolsWish {
  readonly cluster: string;
  readonly pools: readonly AgentPool[];
  readonly network: NetworkProfile;
  readonly windowsProfile: WindowsProfile | undefined;
  /** Whether the subscription may have Windows nodes with Azure Network Policy Manager. */
  readonly hasWindowsPolicyFeature: boolean;
}

const nameForm = /^[a-z][a-z0-9]{0,11}$/;
const windowsNameMax = 6;
const maxPods = { min: 10, max: 250 };
const nodesMaxOfPool = 1_000;
/** More nodes than these cannot be served by Azure Network Policy Manager. */
const azureEngineNodesMax = 250;
const linuxSkus = ['Ubuntu', 'Ubuntu2204', 'Ubuntu2404', 'AzureLinux', 'AzureLinux3'];
const windowsSkus = windowsSystems.map(({ osSKU }) => osSKU);

/** Why these pools are refused; undefined when they are not. */
export function poolsProblem(wish: PoolsWish): ArmError | undefined {
  for (const pool of wish.pools) {
    const problem =
      poolProblem(pool) ??
      poolLabelsProblem(pool) ??
      poolFieldsProblem(pool) ??
      (pool.osType === 'Windows' ? windowsProblem(pool, wish) : undefined);
    if (problem !== undefined) return problem;
  }
  if (!wish.pools.some(({ mode }) => mode === 'System')) return providerError(400, 'BadRequest', 'Must define at least one system pool.');
  const repeated = wish.pools.find(({ name }, index) => wish.pools.findIndex((other) => other.name === name) !== index);
  if (repeated !== undefined) return invalid('agentPoolProfile.name', `The agent pool name ${repeated.name} is used more than once.`);
  return scaleProblem(wish) ?? poolAddressProblem(wish.pools, wish.network);
}

function poolProblem(pool: AgentPool): ArmError | undefined {
  const { name, count, mode, osType, osSKU, enableAutoScaling, minCount = 0, maxCount = 0 } = pool;
  if (!nameForm.test(name)) return invalid('agentPoolProfile.name', 'The value of parameter agentPoolProfile.name is invalid.');
  if (!['System', 'User'].includes(mode))
    return invalid(
      'agentPoolProfile.mode',
      `The value of parameter agentPoolProfile.mode is invalid: '${mode}'. Allowed values: System, User.`,
    );
  if (!['Linux', 'Windows'].includes(osType))
    return invalid(
      'agentPoolProfile.osType',
      `The value of parameter agentPoolProfile.osType is invalid: '${osType}'. Allowed values: Linux, Windows.`,
    );
  if (mode === 'System' && pool.powerState === 'Stopped') {
    return providerError(400, 'OperationNotAllowed', `The agent pool ${name} has mode System and can not be stopped.`);
  }
  const skus = osType === 'Windows' ? windowsSkus : linuxSkus;
  if (!skus.includes(osSKU))
    return invalid(
      'agentPoolProfile.osSKU',
      `The value of parameter agentPoolProfile.osSKU is invalid: '${osSKU}'. Allowed values: ${skus.join(', ')}.`,
    );
  const least = mode === 'System' ? 1 : 0;
  if (!Number.isInteger(count) || count < least || count > nodesMaxOfPool) {
    return invalid(
      'agentPoolProfile.count',
      `The value of parameter agentPoolProfile.count is invalid: ${count}. A pool of mode ${mode} has ${least} to ${nodesMaxOfPool} nodes.`,
    );
  }
  if (enableAutoScaling && (minCount < least || maxCount < minCount || count < minCount || count > maxCount)) {
    return invalid(
      'agentPoolProfile.minCount',
      `minCount ${minCount}, count ${count} and maxCount ${maxCount} must be in this order, and minCount at least ${least}.`,
    );
  }
  return pool.maxPods < maxPods.min || pool.maxPods > maxPods.max
    ? invalid(
        'agentPoolProfile.maxPods',
        `The value of parameter agentPoolProfile.maxPods is invalid: ${pool.maxPods}. It must be between ${maxPods.min} and ${maxPods.max}.`,
      )
    : undefined;
}

function windowsProblem(pool: AgentPool, wish: PoolsWish): ArmError | undefined {
  if (pool.name.length > windowsNameMax) {
    return providerError(400, 'WindowsAgentPoolNameTooLong', 'Windows agent pool name can not be longer than 6 characters.', {
      target: 'agentPoolProfile.name',
    });
  }
  if (pool.mode === 'System') return invalid('agentPoolProfile.mode', 'Windows agent pools can not have mode System.');
  if (wish.windowsProfile === undefined)
    return providerError(400, 'WindowsProfileMissing', 'Windows profile definition is missing for the cluster.');
  return windowsEngineProblem(pool, wish) ?? windowsVersionProblem(pool);
}

/** Azure Network Policy Manager runs on one Windows, and as a preview. */
function windowsEngineProblem({ osSKU }: AgentPool, { network, hasWindowsPolicyFeature }: PoolsWish): ArmError | undefined {
  const target = 'agentPoolProfile.osSKU';
  if (network.networkPolicy === 'azure') {
    if (!hasWindowsPolicyFeature) {
      // The shape of other features' refusals; the text for this one is not published.
      const message =
        'Feature Microsoft.ContainerService/WindowsNetworkPolicyPreview is not enabled. Please see https://aka.ms/aks/previews for how to enable features.';
      return providerError(400, 'BadRequest', message, { target: 'networkProfile.networkPolicy' });
    }
    if (osSKU !== 'Windows2022') {
      const message = `NetworkPolicy azure is supported on Windows Server 2022 only, not on ${osSKU}`;
      return providerError(400, 'NetworkPolicyNotSupported', message, { target });
    }
  }
  return osSKU === 'Windows2019' && network.networkPolicy !== 'calico'
    ? invalid(target, 'OS SKU Windows2019 is available with network policy calico only.')
    : undefined;
}

/** The pool's own version decides: the control plane may be ahead of it. */
function windowsVersionProblem({ osSKU, currentOrchestratorVersion }: AgentPool): ArmError | undefined {
  const untilMinor = windowsSystem(osSKU)?.untilMinor;
  const minor = parseVersion(currentOrchestratorVersion)?.minor ?? 0;
  return untilMinor !== undefined && minor >= untilMinor
    ? invalid(
        'agentPoolProfile.osSKU',
        `OS SKU ${osSKU} is available with Kubernetes below 1.${untilMinor} only; the agent pool runs ${currentOrchestratorVersion}.`,
      )
    : undefined;
}

function scaleProblem({ pools, network }: PoolsWish): ArmError | undefined {
  const nodes = pools.reduce((sum, { count, enableAutoScaling, maxCount }) => sum + (enableAutoScaling ? (maxCount ?? count) : count), 0);
  if (network.networkPolicy !== 'azure' || nodes <= azureEngineNodesMax) return undefined;
  // The code is known, the text is not.
  const message = `The cluster would have ${nodes} nodes. Azure Network Policy Manager supports up to ${azureEngineNodesMax} nodes: use fewer nodes, or network policy cilium.`;
  return providerError(400, 'InvalidNodeCountForNPM', message, { target: 'agentPoolProfile.count' });
}

function invalid(target: string, message: string): ArmError {
  return providerError(400, 'InvalidParameter', message, { target });
}
