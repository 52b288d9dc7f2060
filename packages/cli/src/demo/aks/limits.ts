/** What the article says an engine cannot do: it is asked for, and refused or told of. */
import { typedStep } from '../command-shell.ts';
import { mustPrint, type StepResult } from '../step.ts';
import type { ManagedCluster } from './managed-cluster.ts';

/** The agent hears of a policy a moment after it is made. */
const toldMs = 15_000;

/** Azure Network Policy Manager does not scale past 250 nodes. */
export async function refuseTooManyNodes({ transcript, shell }: ManagedCluster): Promise<void> {
  transcript.heading('More than 250 nodes: refused');
  const command = 'az aks scale \\\n    --resource-group $RESOURCE_GROUP_NAME \\\n    --name $CLUSTER_NAME \\\n    --node-count 251';
  const isRefused = ({ output, exitCode }: StepResult): boolean => exitCode !== 0 && output.includes('(InvalidNodeCountForNPM)');
  await transcript.step(
    typedStep(shell, command, { differs: (result) => (isRefused(result) ? undefined : `printed '${result.output.trim()}', no refusal`) }),
  );
}

/** A policy with a named port is one of those that it does not support on Windows: its log has the error. */
export async function readUnsupported({ transcript, shell }: ManagedCluster): Promise<void> {
  transcript.heading('A policy with a named port, which is not supported on Windows: an error in the log of azure-npm');
  const policy = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'named-port', namespace: 'demo' },
    spec: { podSelector: { matchLabels: { app: 'other' } }, ingress: [{ ports: [{ port: 'http' }] }] },
  };
  const made = mustPrint('networkpolicy.networking.k8s.io/named-port created');
  await transcript.step(typedStep(shell, `kubectl apply -f - <<< '${JSON.stringify(policy)}'`, { differs: made }));
  const command = "kubectl logs -n kube-system daemonset/azure-npm-win | grep 'NetworkPolicy demo/named-port'";
  const isTold = ({ output }: StepResult): boolean => /"level":"error".*does not support named ports on Windows/.test(output);
  await transcript.step({
    command,
    run: async () => {
      for (const deadlineMs = Date.now() + toldMs; ; ) {
        const seen = await shell.run(command);
        if (isTold(seen) || Date.now() > deadlineMs) return seen;
      }
    },
    differs: (seen) => (isTold(seen) ? undefined : 'the log does not tell of the policy'),
  });
  await transcript.step(typedStep(shell, 'kubectl delete networkpolicy named-port -n demo'));
}
