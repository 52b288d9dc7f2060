/** `weir matrix`: who can talk to whom, computed, and with `--probe` tried with real connections. */
import type { Command } from '../command.ts';
import { failOnOption } from '../fail-on.ts';
import { readingOptions, sourceOptions } from '../source-options.ts';

/** `weir matrix`. */
export const matrixCommand: Command = {
  name: 'matrix',
  summary: 'Show who can talk to whom, computed or tried',
  description:
    'Without --port: every connection that is allowed, by classes of pods that no policy tells apart, with ports as\n' +
    'ranges, addresses outside as blocks, and nodes. What depends on a fact that nobody told stands apart, with the fact.\n' +
    'NAMES of --focus, --from and --to: a namespace, namespace/workload, namespace/pod, a node, nodes, outside.\n' +
    'With --port the table shows every pair of pods on these ports. --probe opens real connections between the pods\n' +
    'of a cluster of the lab and shows where they differ from the computed matrix: exit code 1 when they do.',
  options: {
    ...sourceOptions,
    output: {
      type: 'string',
      short: 'o',
      placeholder: 'FORMAT',
      values: ['table', 'json', 'csv', 'md', 'dot', 'svg', 'mermaid', 'html'],
      default: 'table',
      summary: 'how results are printed',
    },
    namespace: { type: 'string', multiple: true, placeholder: 'NAMESPACE', summary: 'only pods of this namespace' },
    focus: { type: 'string', multiple: true, placeholder: 'NAME', summary: 'only connections from or to this end' },
    direction: { type: 'string', values: ['ingress', 'egress'], summary: 'with --focus: only what comes in, or what goes out' },
    from: { type: 'string', multiple: true, placeholder: 'NAME', summary: 'only connections from this end' },
    to: { type: 'string', multiple: true, placeholder: 'NAME', summary: 'only connections to this end' },
    port: { type: 'string', multiple: true, placeholder: 'PORT[/PROTO]', summary: 'a port to ask about' },
    exposure: { type: 'boolean', summary: 'tell also what pods that are not there could reach, and be reached by' },
    'ingress-controller': { type: 'string', multiple: true, placeholder: 'NAME', summary: 'the pods that serve Ingresses and routes' },
    ...readingOptions,
    probe: { type: 'boolean', summary: 'try every pair with a real connection' },
    'timeout-ms': { type: 'string', placeholder: 'N', default: '1000', summary: 'how long a probe waits' },
    ...failOnOption(['differences'], { usual: 'differences', summary: 'exit code 1 when --probe finds something else than computed' }),
  },
  examples: [
    'weir matrix',
    'weir matrix --manifests policies/ --focus shop/frontend --direction egress',
    'weir matrix --from outside -o md',
    'weir matrix --namespace shop -o mermaid',
    'weir matrix -o html > matrix.html',
    'weir matrix --manifests app/ --exposure',
    'weir matrix --namespace shop --port 5432',
    'weir matrix --probe',
  ],
  run: async (invocation) => (await import('../actions/matrix.ts')).runMatrix(invocation),
};
