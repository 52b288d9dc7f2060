/** The place where the flows of the chosen cluster are told. */
import { KubeClient, KubeconfigError, loadKubeconfig } from '@weir/client';
import { chooseKubeconfig } from '../cluster-source.ts';
import type { OptionValues } from '../command.ts';
import { usageError } from '../exit-code.ts';
import { AgentPodFlows } from './agent-pod-flows.ts';
import type { FlowSource, FlowWish } from './flow-source.ts';

/** A source, and a client of its cluster. */
export interface OpenedFlows {
  readonly source: FlowSource;
  readonly client: KubeClient;
}

/** Opens it; throws a CommandError. The files of a lab's agents are read where they are, others through the API server. */
export async function openFlows(options: OptionValues, wish: FlowWish): Promise<OpenedFlows> {
  const { file, cluster } = await chooseKubeconfig(options);
  const client = await clientOf(file, options.text('context'));
  if (cluster === undefined) return { client, source: new AgentPodFlows(client, wish) };
  const { LabFlows } = await import('./lab-flows.ts');
  return { client, source: new LabFlows(cluster, wish) };
}

/** A client of the cluster that `--kubeconfig` or `--name` chooses; undefined when neither is given. */
export async function givenClient(options: OptionValues): Promise<KubeClient | undefined> {
  if (options.text('kubeconfig') === undefined && options.text('name') === undefined) return undefined;
  const { file } = await chooseKubeconfig(options);
  return clientOf(file, options.text('context'));
}

async function clientOf(kubeconfig: string, context: string | undefined): Promise<KubeClient> {
  try {
    return new KubeClient(await loadKubeconfig(kubeconfig, context));
  } catch (error) {
    if (error instanceof KubeconfigError) throw usageError(error.message);
    throw error;
  }
}
