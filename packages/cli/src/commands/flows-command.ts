/** `weir flows`: connections that agents saw, live or recorded. */
import type { Command } from '../command.ts';
import { failOnOption } from '../fail-on.ts';
import { sourceOptions } from '../source-options.ts';

const { kubeconfig, context, name } = sourceOptions as Record<
  'kubeconfig' | 'context' | 'name',
  NonNullable<(typeof sourceOptions)[string]>
>;

/** `weir flows`. */
export const flowsCommand: Command = {
  name: 'flows',
  summary: 'Show allowed and denied connections, with the rule that decided',
  description:
    'Agents of the lab tell of every new connection of their pods; agents in pods of a cluster do with\n' +
    "WEIR_AGENT_FLOW_LOG=-, and are read through the API server. --input reads a recorded log: the agent's, Hubble's\n" +
    'JSON or the flow logs of Calico, also mixed. -o json prints one line a connection as `hubble observe -o json` does.\n' +
    'A connection between two nodes is told by both, each with what it judged. An end (--pod, --from, --to) is\n' +
    'namespace/pod, pod, namespace/, an address, a block, a node or a name of DNS, with --to a service, too; a name may\n' +
    'end with *.',
  options: {
    kubeconfig,
    context,
    name,
    input: {
      type: 'string',
      multiple: true,
      placeholder: 'FILE',
      summary: 'a recorded log instead of a cluster, plain or gzip; - is standard input',
    },
    follow: { type: 'boolean', short: 'f', summary: 'go on until interrupted' },
    last: { type: 'string', placeholder: 'N', summary: 'so many at most, the latest; default 50, with -f 10, with --since or --input all' },
    since: { type: 'string', placeholder: 'TIME', summary: 'not older than this: 30s, 10m, 2h, or a moment such as 2026-01-31T12:00:00Z' },
    until: { type: 'string', placeholder: 'TIME', summary: 'not younger than this, in the same words; not with -f' },
    namespace: { type: 'string', short: 'n', placeholder: 'NAMESPACE', summary: 'one end is a pod of it' },
    pod: { type: 'string', placeholder: 'END', summary: 'one of the two ends' },
    from: { type: 'string', placeholder: 'END', summary: 'who opened the connection' },
    to: { type: 'string', placeholder: 'END', summary: 'whom it goes to' },
    port: { type: 'string', placeholder: 'N', summary: "the destination's port, or that of the service" },
    protocol: { type: 'string', placeholder: 'NAME', summary: 'tcp, udp, sctp, icmp, icmpv6 or a number' },
    // Hubble's words are taken, too.
    verdict: {
      type: 'string',
      values: ['allowed', 'denied'],
      formerly: { FORWARDED: 'allowed', DROPPED: 'denied' },
      summary: 'only these',
    },
    ...failOnOption(['denied', 'allowed'], {
      usual: 'never',
      summary: 'exit code 1 when a connection that is shown was denied, or allowed',
    }),
  },
  examples: [
    'weir flows -f',
    'weir flows --verdict denied --since 10m',
    'weir flows --from demo/client --port 80 -o json',
    'weir flows --input flows.jsonl --namespace shop',
    'hubble observe -o json | weir flows --input -',
  ],
  run: async (invocation) => (await import('../actions/flows.ts')).runFlows(invocation),
};
