/** Which cluster a command asks: a kubeconfig, or a cluster of the lab. */
import { existsSync } from 'node:fs';
import { delimiter } from 'node:path';
import { loadKubeconfig } from '@weir/client';
import { defaultCluster } from './cluster-option.ts';
import type { OptionValues } from './command.ts';
import { notFoundError, usageError } from './exit-code.ts';

/** The kubeconfig of the cluster that the options choose, and its name when it is one of the lab; throws a CommandError. */
export async function chooseKubeconfig(options: Pick<OptionValues, 'text'>): Promise<{ file: string; cluster?: string }> {
  const kubeconfig = options.text('kubeconfig');
  if (kubeconfig !== undefined) return { file: kubeconfig };
  const { clusters, kubeconfigOf } = await labClusters();
  const named = options.text('name');
  if (named !== undefined) {
    if (!clusters.includes(named)) throw notFoundError(`there is no cluster "${named}" (weir status lists them)`);
    return { file: kubeconfigOf(named), cluster: named };
  }
  const fromEnvironment = process.env['KUBECONFIG'];
  if (fromEnvironment !== undefined && fromEnvironment !== '') {
    const files = fromEnvironment.split(delimiter).filter((file) => file !== '');
    // As kubectl, but for the merging: the first that is there.
    const file = files.find(existsSync) ?? files[0] ?? fromEnvironment;
    const cluster = await labClusterAt(file, clusters, options.text('context'));
    return cluster === undefined ? { file } : { file, cluster };
  }
  if (clusters.includes(defaultCluster)) return { file: kubeconfigOf(defaultCluster), cluster: defaultCluster };
  throw usageError('there is no cluster to ask: give --manifests, --kubeconfig or --name, or make one with: weir up');
}

/** The clusters of the lab on this machine; none where there can be no lab, and nothing of it can be loaded. */
async function labClusters(): Promise<{ readonly clusters: readonly string[]; readonly kubeconfigOf: (cluster: string) => string }> {
  if (process.platform !== 'linux') return { clusters: [], kubeconfigOf: (cluster) => cluster };
  const { clusterLayout, listClusters } = await import('@weir/lab');
  return { clusters: await listClusters(), kubeconfigOf: (cluster) => clusterLayout(cluster).kubeconfig };
}

/** The cluster of the lab whose server a kubeconfig names, also where it is a copy or was fetched with az. */
export async function labClusterAt(file: string, clusters: readonly string[], context?: string): Promise<string | undefined> {
  const serverOf = (kubeconfig: string, name?: string): Promise<string | undefined> =>
    loadKubeconfig(kubeconfig, name).then(
      ({ server }) => server,
      () => undefined,
    );
  const server = await serverOf(file, context);
  if (server === undefined || clusters.length === 0) return undefined;
  const { clusterLayout } = await import('@weir/lab');
  const servers = await Promise.all(clusters.map((name) => serverOf(clusterLayout(name).kubeconfig)));
  return clusters[servers.indexOf(server)];
}
