/** `weir matrix`: all pairs of pods, computed, and with `--probe` tried with real connections. */
import type { Command } from '../command.ts';
import { readingOptions, sourceOptions } from '../source-options.ts';

/** `weir matrix`. */
export const matrixCommand: Command = {
  name: 'matrix',
  summary: 'Show who can talk to whom, computed or tried',
  description:
    'Without --port every port that a container declares is asked. --probe opens real connections between the\n' +
    'pods of a cluster of the lab and shows where they differ from the computed matrix: exit code 1 when they do.',
  options: {
    ...sourceOptions,
    port: { type: 'string', multiple: true, placeholder: 'PORT[/PROTO]', summary: 'a port to ask about' },
    namespace: { type: 'string', multiple: true, placeholder: 'NAMESPACE', summary: 'only pods of this namespace' },
    ...readingOptions,
    probe: { type: 'boolean', summary: 'try every pair with a real connection' },
    'timeout-ms': { type: 'string', placeholder: 'N', default: '1000', summary: 'how long a probe waits' },
  },
  examples: ['weir matrix', 'weir matrix --namespace shop --port 5432', 'weir matrix --probe', 'weir matrix --manifests policies/ -o json'],
  run: async (invocation) => (await import('../actions/matrix.ts')).runMatrix(invocation),
};
