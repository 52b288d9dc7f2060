/** `weir suggest`: policies from observed flows, and audit of policies against them. */
import type { Command } from '../command.ts';
import { failOnOption } from '../fail-on.ts';
import { readingOptions, sourceOptions } from '../source-options.ts';

/** `weir suggest`. */
export const suggestCommand: Command = {
  name: 'suggest',
  summary: 'Write least-privilege policies from observed connections, or judge policies by them',
  description:
    'Prints one policy for each workload that was seen, which allows the connections that were let through and nothing\n' +
    'else, with comments about what stands behind each rule. Flows come from a log (--flows: the agent, Hubble, Calico)\n' +
    'or from the agents of the cluster; pods, namespaces and present policies from the cluster or --manifests.\n' +
    'That every seen connection stays allowed is checked, and what would be denied of what is possible now is said.\n' +
    '--audit judges policies that you have: which seen connections they would deny, by which rule.\n' +
    'An audit fails (exit code 1) only with --fail-on denied.',
  options: {
    ...sourceOptions,
    ...readingOptions,
    flows: {
      type: 'string',
      multiple: true,
      placeholder: 'FILE',
      summary: 'a recorded log instead of the agents, plain or gzip; - is standard input',
    },
    since: { type: 'string', placeholder: 'TIME', summary: 'only flows not older than this: 10m, 2h, or a moment' },
    namespace: {
      type: 'string',
      short: 'n',
      multiple: true,
      placeholder: 'NAMESPACE',
      summary: 'policies for pods of this namespace only; without it all but those of the system, such as kube-system',
    },
    api: {
      type: 'string',
      values: ['kubernetes', 'calico', 'cilium', 'cluster-network-policy'],
      default: 'kubernetes',
      summary: 'whose policies to write',
    },
    direction: { type: 'string', values: ['both', 'ingress', 'egress'], default: 'both', summary: 'what the policies are about' },
    'merge-cidr': {
      type: 'string',
      multiple: true,
      placeholder: '/LENGTH',
      summary: 'blocks of this length instead of single addresses outside: /24, or of IPv6 from /33 on',
    },
    'default-deny': { type: 'boolean', summary: 'also a policy for each namespace that closes it for the rest' },
    audit: { type: 'string', multiple: true, placeholder: 'PATH', summary: 'policies to judge by the flows, instead of writing some' },
    ...failOnOption(['denied'], {
      usual: 'denied, with --audit never',
      summary: 'exit code 1 when a seen connection would be denied, or a policy cannot be written',
    }),
  },
  examples: [
    'weir suggest --since 1h > policies.yaml',
    'weir suggest --flows flows.jsonl --manifests shop/ --namespace shop --default-deny',
    'hubble observe -o json | weir suggest --flows - --api cilium --merge-cidr /24',
    'weir suggest --audit policies.yaml --flows flows.jsonl --fail-on denied',
  ],
  run: async (invocation) => (await import('../actions/suggest.ts')).runSuggest(invocation),
};
