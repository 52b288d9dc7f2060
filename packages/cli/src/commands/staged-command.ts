/** `weir staged report`: what staged policies would do. */
import type { Command } from '../command.ts';
import { failOnOption } from '../fail-on.ts';
import { readingOptions, sourceOptions } from '../source-options.ts';

const report: Command = {
  name: 'report',
  summary: 'Say which flows staged policies would change if they were enforced',
  description:
    'Staged policies (StagedNetworkPolicy, StagedGlobalNetworkPolicy, StagedKubernetesNetworkPolicy) are stored and not\n' +
    'enforced. For each of them every possible flow is judged as it is and as it would be; with --flows also those of a\n' +
    "flow log: the agent's, Hubble's JSON or Calico's. Exit code 1 when some flow would no longer be allowed.",
  options: {
    ...sourceOptions,
    ...readingOptions,
    flows: {
      type: 'string',
      placeholder: 'FILE',
      summary: "a flow log (the agent's, Hubble's, Calico's), one JSON object a line; - is standard input",
    },
    ...failOnOption(['denied'], { usual: 'denied', summary: 'exit code 1 when a flow would no longer be allowed' }),
  },
  examples: [
    'weir staged report',
    'weir staged report --manifests policies/ --profile calico',
    'weir staged report --flows flows.jsonl -o json',
  ],
  run: async (invocation) => (await import('../actions/staged-report.ts')).runStagedReport(invocation),
};

/** The group. */
export const stagedCommand: Command = {
  name: 'staged',
  summary: 'Policies that are not enforced yet',
  subcommands: [report],
};
