/** Starting an agent in the current network namespace, and taking every trace of agents away. */
import { KubeClient, loadKubeconfig } from '@weir/client';
import { createNftablesDataplane } from '@weir/dataplane';
import { createLogger, errorFields } from './log.ts';
import { type Agent, NodeAgent } from './node-agent.ts';
import { type AgentOptions, resolveAgentOptions } from './options.ts';

/** Starts an agent in the current network namespace; throws when options, kubeconfig, state directory or socket are bad. */
export async function runAgent(options: AgentOptions): Promise<Agent> {
  const resolved = resolveAgentOptions(options);
  const log = createLogger(resolved.node, resolved.logLevel);
  const client = new KubeClient(await loadKubeconfig(resolved.kubeconfig), { userAgent: `weir-agent/${resolved.node}` });
  const dataplane = createNftablesDataplane({
    podInterfaces: resolved.podInterfaces,
    onReplace: (reason) => log.warn(errorFields(reason), 'a transaction failed; the whole table was replaced in one step'),
  });
  try {
    const agent = new NodeAgent({ options: resolved, log, client, dataplane });
    await agent.start();
    return agent;
  } catch (error) {
    client.close();
    await dataplane.close();
    throw error;
  }
}

/** Takes every trace of agents out of the kernel of the current network namespace; repeating it changes nothing. */
export async function cleanupAgent(): Promise<void> {
  const dataplane = createNftablesDataplane({ podInterfaces: [] });
  try {
    await dataplane.remove();
  } finally {
    await dataplane.close();
  }
}
