/** Puts an agent together in the current network namespace and starts it. */
import { type ClusterConnection, inClusterConnection, KubeClient, loadKubeconfig } from '@weir/client';
import { openDataplane } from './enforcement/open-dataplane.ts';
import { createLog } from './log/log.ts';
import { logMetrics } from './metrics/log-metrics.ts';
import { type Agent, NodeAgent } from './node-agent.ts';
import { keepDebuggerClosed } from './operations/debugger-signal.ts';
import type { AgentSettings } from './settings/agent-settings.ts';

/** Throws when kubeconfig, state directory, socket or metrics address are bad; then nothing is left open. */
export async function startAgent(settings: AgentSettings): Promise<Agent> {
  const { node, logLevel, logLinesPerSecond } = settings;
  const { log, counts, flush } = createLog({ node, level: logLevel, linesPerSecond: logLinesPerSecond });
  process.once('exit', flush);
  keepDebuggerClosed(log);
  const client = new KubeClient(await connectionOf(settings), { userAgent: `weir-agent/${node}` });
  const dataplane = openDataplane(settings, log);
  let agent: NodeAgent | undefined;
  try {
    agent = new NodeAgent({ settings, log, client, dataplane, collectors: [() => logMetrics(counts())] });
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

function connectionOf({ kubeconfig }: AgentSettings): Promise<ClusterConnection> {
  return kubeconfig === 'in-cluster' ? inClusterConnection(process.env) : loadKubeconfig(kubeconfig);
}
