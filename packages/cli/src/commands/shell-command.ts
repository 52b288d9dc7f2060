/** `weir shell`: a shell, or one command, in which kubectl, helm and az speak to the lab. */
import type { Command } from '../command.ts';

/** `weir shell`; it asks for the whole command line to know which programs weir can stand in for. */
export function shellCommand(root: () => Command): Command {
  return {
    name: 'shell',
    summary: 'A shell in which az, kubectl and helm speak to the lab; -- COMMAND runs one command there',
    description:
      "Has a kubeconfig and an az configuration of its own: ~/.kube and ~/.azure are neither read nor written. Programs that are not installed and that weir has (az, calicoctl) are weir's. An interactive bash says what in the article cannot work as it is printed, and does what is meant. The exit code is that of the shell or command.",
    positionals: '[-- COMMAND…]',
    positionalCount: { min: 0, max: Number.POSITIVE_INFINITY },
    options: {
      name: {
        type: 'string',
        placeholder: 'CLUSTER',
        summary: 'a cluster of weir up; default the one of the last az aks get-credentials, else "weir"',
      },
    },
    examples: ['weir shell', 'weir shell --name big', 'weir shell -- az aks list -o table'],
    run: async (invocation) => (await import('../actions/shell.ts')).runLabShell(invocation, root()),
  };
}
