/** The images of engines on a node: built-in ones, for the pods of the engine's own DaemonSet alone. */
import { join } from 'node:path';
import type { Pod } from '@weir/kube';
import type { BuiltInImage } from '../images/built-in-images.ts';
import { runAgentCommand } from './agent-command.ts';
import { type AgentPlace, AgentProcess } from './agent-process.ts';
import { standForAgent } from './agent-program.ts';
import { engineNamespace } from './engine-daemon-sets.ts';

/** Their names, of which the last parts count. */
const names = ['containernetworking/azure-npm', 'calico/node', 'calico/node-windows', 'cilium/cilium'];

/**
 * Makes the images that a pod may have; none for pods that are no business of the engine's. What outlives the node's
 * process is kept in the directory.
 */
export function engineImages(agent: AgentPlace, stateDirectory: string): (pod: Pod) => readonly BuiltInImage[] {
  const { command, gateSocket, log } = agent;
  const process = new AgentProcess(agent, join(stateDirectory, 'agent-pod.json'));
  return (pod) => {
    if (!isEnginePod(pod)) return [];
    const { uid = '' } = pod.metadata;
    return names.map((name) => ({
      name,
      entrypoint: '/agent',
      defaultArguments: [],
      hasExecutable: false,
      startsAgainAtOnce: true,
      program: (context) => standForAgent({ agent: process, log, pod: uid }, context),
      commands: { weir: (context) => runAgentCommand({ command, gateSocket }, context) },
    }));
  };
}

/** Who may make such a pod may also end what runs in kube-system. */
function isEnginePod({ metadata, spec }: Pod): boolean {
  const isOfDaemonSet = (metadata.ownerReferences ?? []).some(({ kind, controller }) => kind === 'DaemonSet' && controller === true);
  return metadata.namespace === engineNamespace && spec?.hostNetwork === true && isOfDaemonSet;
}
