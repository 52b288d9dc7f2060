/** Starting an agent in the current network namespace, and taking every trace of agents away. */
import type { Agent, NodeAgent } from './node-agent.ts';
import { keepDebuggerClosed } from './operations/debugger-signal.ts';
import type { AgentSettings } from './settings/agent-settings.ts';

/** Starts an agent in the current network namespace; throws when kubeconfig, state directory or socket are bad. */
export async function runAgent(settings: AgentSettings): Promise<Agent> {
  const [{ KubeClient, loadKubeconfig }, { createNftablesDataplane }, { createLogger, errorFields }, { NodeAgent }] = await Promise.all([
    import('@weir/client'),
    import('@weir/dataplane'),
    import('./log.ts'),
    import('./node-agent.ts'),
  ]);
  const log = createLogger(settings.node, settings.logLevel);
  keepDebuggerClosed(log);
  const client = new KubeClient(await loadKubeconfig(settings.kubeconfig), { userAgent: `weir-agent/${settings.node}` });
  const dataplane = createNftablesDataplane({
    podInterfaces: settings.podInterfaces,
    onReplace: (reason) => log.warn(errorFields(reason), 'a transaction failed; the whole table was replaced in one step'),
  });
  let agent: NodeAgent | undefined;
  try {
    agent = new NodeAgent({ settings, log, client, dataplane });
    await agent.start();
    return agent;
  } catch (error) {
    if (agent === undefined) {
      client.close();
      await dataplane.close();
    } else await agent.stop();
    throw error;
  }
}

/** Takes every trace of agents out of the kernel of the current network namespace; repeating it changes nothing. */
export async function cleanupAgent(): Promise<void> {
  const { createNftablesDataplane } = await import('@weir/dataplane');
  const dataplane = createNftablesDataplane({ podInterfaces: [] });
  try {
    await dataplane.remove();
  } finally {
    await dataplane.close();
  }
}
