/** Starting an agent in the current network namespace, and taking every trace of agents away. */
import type { Agent } from './node-agent.ts';
import type { AgentSettings } from './settings/agent-settings.ts';

/**
 * Makes the process one that may do what an agent needs and nothing else; it may start once more for that.
 * Throws when it, or the machine, lacks what an agent needs.
 */
export async function confineAgent(settings: AgentSettings): Promise<void> {
  const { confineProcess } = await import('./confinement/confine-process.ts');
  await confineProcess(settings);
}

/** Starts an agent in the current network namespace; throws when kubeconfig, state directory, socket or metrics address are bad. */
export async function runAgent(settings: AgentSettings): Promise<Agent> {
  const { startAgent } = await import('./start-agent.ts');
  return startAgent(settings);
}

/**
 * Takes every trace of agents out of the kernel of the current network namespace; repeating it changes
 * nothing. On Windows, or with the socket of an emulated HNS, out of HNS instead.
 */
export async function cleanupAgent(hnsSocket?: string): Promise<void> {
  const { openHns, openKernelDataplanes } = await import('./enforcement/open-dataplane.ts');
  const isHns = hnsSocket !== undefined || process.platform === 'win32';
  for (const dataplane of isHns ? [openHns({ hnsSocket })] : await openKernelDataplanes()) {
    try {
      await dataplane.remove();
    } finally {
      await dataplane.close();
    }
  }
}

/** Takes what Azure NPM left behind out of the kernel of the current network namespace; says what it was, nothing when repeated. */
export async function cleanupAzureNpm(): Promise<readonly string[]> {
  const { removeAzureNpm } = await import('@weir/dataplane');
  return removeAzureNpm();
}
