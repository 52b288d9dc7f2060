/** `weir policy status`: are policies in force? */
import type { Command, OptionDefinition } from '../command.ts';
import { sourceOptions } from '../source-options.ts';

const { manifests: _, ...clusterOptions } = sourceOptions;

const namespaceOption: OptionDefinition = {
  type: 'string',
  short: 'n',
  placeholder: 'NAMESPACE',
  summary: "namespace of the policy; default the context's, or all when no NAME is given",
};

const status: Command = {
  name: 'status',
  summary: 'Say whether policies are in force, on which nodes, since when',
  description:
    'Exit code 0 when they are in force on all ready nodes; 1 when they are not: pending, refused (with the\n' +
    'reason, and what is in force instead), or unknown because an agent is silent.\n' +
    'With --wait it follows the cluster and returns at the moment they are in force.',
  positionals: '[NAME|NAMESPACE/NAME]',
  positionalCount: { min: 0, max: 1 },
  options: {
    namespace: namespaceOption,
    wait: { type: 'boolean', summary: 'wait until they are in force' },
    timeout: { type: 'string', placeholder: 'TIME', default: '60s', summary: 'how long to wait at most' },
    ...clusterOptions,
  },
  examples: [
    'weir policy status',
    'kubectl apply -f policy.yaml && weir policy status -n demo demo-policy --wait',
    'weir policy status demo/demo-policy -o json',
  ],
  run: async (invocation) => (await import('../actions/policy-status.ts')).runPolicyStatus(invocation),
};

/** The group. */
export const policyCommand: Command = {
  name: 'policy',
  summary: 'Policies of a cluster',
  subcommands: [status],
};
