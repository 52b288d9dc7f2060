/** What arguments say of a pool's autoscaler. */
import type { JsonObject } from '@weir/kube';
import { refused } from '../az-error.ts';
import type { GivenArguments } from '../command-line/given-arguments.ts';

/** The fields of a new pool. Throws az's texts for bounds that do not fit. */
export function newAutoscaler(given: GivenArguments, { count, mode }: { count: number; mode: string }): JsonObject {
  const isEnabled = given.flag('enableClusterAutoscaler');
  checkBounds(given, isEnabled, '--enable-cluster-autoscaler');
  if (!isEnabled) return { enableAutoScaling: false };
  const [minCount = 0, maxCount = 0] = [given.number('minCount'), given.number('maxCount')];
  if (count < minCount || count > maxCount) throw refused('node-count is not in the range of min-count and max-count');
  if (mode === 'System' && minCount < 1) throw refused('Value of min-count should be greater than or equal to 1 for System node pools');
  return { enableAutoScaling: true, minCount, maxCount };
}

/** Whether anything about an autoscaler is to change. */
export function changesAutoscaler(given: GivenArguments): boolean {
  return ['enableClusterAutoscaler', 'disableClusterAutoscaler', 'updateClusterAutoscaler'].some((name) => given.flag(name));
}

/** Checks the arguments of a change, before the pool is known. */
export function checkAutoscalerChange(given: GivenArguments): void {
  const wished = ['enableClusterAutoscaler', 'updateClusterAutoscaler', 'disableClusterAutoscaler'].filter((name) => given.flag(name));
  if (wished.length > 1) {
    throw refused('Can only specify one of --enable-cluster-autoscaler, --update-cluster-autoscaler and --disable-cluster-autoscaler');
  }
  const setsBounds = given.flag('enableClusterAutoscaler') || given.flag('updateClusterAutoscaler');
  checkBounds(given, setsBounds, '--enable-cluster-autoscaler or --update-cluster-autoscaler');
}

/** Changes a pool's fields; undefined: it is as wished already. */
export function changedAutoscaler(given: GivenArguments, pool: JsonObject): JsonObject | undefined {
  const isOn = pool['enableAutoScaling'] === true;
  const bounds = { minCount: given.number('minCount'), maxCount: given.number('maxCount') };
  if (given.flag('enableClusterAutoscaler')) return isOn ? undefined : { ...pool, enableAutoScaling: true, ...bounds };
  if (given.flag('updateClusterAutoscaler')) {
    if (isOn) return { ...pool, ...bounds };
    throw refused(
      'Cluster autoscaler is not enabled for this node pool.\nRun "az aks nodepool update --enable-cluster-autoscaler" to enable cluster with min-count and max-count.',
    );
  }
  if (!given.flag('disableClusterAutoscaler')) return pool;
  if (!isOn) return undefined;
  const { minCount: _, maxCount: __, ...rest } = pool;
  return { ...rest, enableAutoScaling: false };
}

function checkBounds(given: GivenArguments, areNeeded: boolean, option: string): void {
  const [minCount, maxCount] = [given.number('minCount'), given.number('maxCount')];
  if (!areNeeded) {
    if (minCount === undefined && maxCount === undefined) return;
    throw refused(`min-count and max-count are required for ${option}, please use the flag`);
  }
  if (minCount === undefined || maxCount === undefined) {
    throw refused('Please specify both min-count and max-count when --enable-cluster-autoscaler enabled');
  }
  if (minCount > maxCount) throw refused('Value of min-count should be less than or equal to value of max-count');
}
