/** Which cluster a command asks: a kubeconfig, or a cluster of the lab. */
import { clusterLayout, listClusters } from '@weir/lab';
import { defaultCluster } from './cluster-option.ts';
import type { OptionValues } from './command.ts';
import { notFoundError, usageError } from './exit-code.ts';

/** The kubeconfig of the cluster that the options choose, and its name when it is one of the lab; throws a CommandError. */
export async function chooseKubeconfig(options: OptionValues): Promise<{ file: string; cluster?: string }> {
  const kubeconfig = options.text('kubeconfig');
  if (kubeconfig !== undefined) return { file: kubeconfig };
  const clusters = await listClusters();
  const byFile = (file: string): { file: string; cluster?: string } => {
    const cluster = clusters.find((name) => clusterLayout(name).kubeconfig === file);
    return cluster === undefined ? { file } : { file, cluster };
  };
  const named = options.text('name');
  if (named !== undefined) {
    if (!clusters.includes(named)) throw notFoundError(`there is no cluster "${named}" (weir status lists them)`);
    return { file: clusterLayout(named).kubeconfig, cluster: named };
  }
  const fromEnvironment = process.env['KUBECONFIG'];
  if (fromEnvironment !== undefined && fromEnvironment !== '') return byFile(fromEnvironment);
  if (clusters.includes(defaultCluster)) return { file: clusterLayout(defaultCluster).kubeconfig, cluster: defaultCluster };
  throw usageError('there is no cluster to ask: give --manifests, --kubeconfig or --name, or make one with: weir up');
}
