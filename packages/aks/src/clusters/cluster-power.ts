/** What may be asked of a cluster that is stopped, or that runs. */
import { type ArmError, providerError } from '../arm/arm-error.ts';
import { isMade, type ManagedCluster } from './managed-cluster.ts';

/** Throws 400 for a cluster that is stopped: it is started before anything of it is changed. */
export function checkRuns(cluster: ManagedCluster): void {
  if (cluster.powerState === 'Stopped') throw refusal(cluster, 'updating');
}

/** Throws 400 when the cluster is so already. */
export function checkPowerChange(cluster: ManagedCluster, wished: ManagedCluster['powerState']): void {
  if (isMade(cluster) && cluster.powerState === wished) throw refusal(cluster, wished === 'Running' ? 'starting' : 'stopping');
}

function refusal({ provisioningState, powerState }: ManagedCluster, verb: string): ArmError {
  const message = `managed cluster is in Provisioning State(${provisioningState}) and Power State(${powerState}), ${verb} cannot be performed`;
  return providerError(400, 'OperationNotAllowed', message);
}
