/** `weir migrate`: what another engine would change. */
import type { Command } from '../command.ts';
import { failOnOption } from '../fail-on.ts';
import { sourceOptions, windowsExpandOption } from '../source-options.ts';

const engines = ['azure', 'calico', 'cilium', 'kubernetes'];

/** `weir migrate`. */
export const migrateCommand: Command = {
  name: 'migrate',
  summary: 'Say which policies and services change their meaning with another engine',
  description:
    'Judges every flow between pods, nodes and addresses outside as both engines do, and shows the policies\n' +
    'behind those that are judged differently, with patches. Exit code 0 when nothing changes, 1 when something does,\n' +
    '2 when nothing can be read, 4 when a lab is not as the manifests have it.',
  options: {
    from: { type: 'string', placeholder: 'ENGINE', values: engines, summary: "the engine now; default that of the lab's cluster" },
    to: { type: 'string', placeholder: 'ENGINE', values: engines, summary: 'the engine then' },
    ...sourceOptions,
    'pod-cidr': {
      type: 'string',
      multiple: true,
      placeholder: 'CIDR',
      summary: 'where pods of manifests get their addresses; default 10.224.0.0/16; an IPv6 block besides makes them dual-stack',
    },
    rehearse: {
      type: 'boolean',
      summary: 'make a lab for each engine with these manifests, try every connection on both, apply the patches, and try again',
    },
    'timeout-ms': { type: 'string', placeholder: 'N', default: '1000', summary: 'how long a connection of a rehearsal waits' },
    'patch-out': {
      type: 'string',
      placeholder: 'FOLDER',
      summary:
        'write the proposed patches there, one file a policy, instead of printing them; those of kinds that the new engine brings into once-migrated/',
    },
    'windows-expand-unsupported': windowsExpandOption,
    ...failOnOption(['any'], {
      usual: 'any',
      summary: 'exit code 1 when something changes, or a rehearsal finds something else than computed',
    }),
  },
  examples: [
    'weir migrate --from azure --to cilium --manifests cluster/ --rehearse',
    'weir migrate --from azure --to cilium --manifests cluster/',
    'weir migrate --from calico --to cilium --context prod -o json',
  ],
  run: async (invocation) => (await import('../actions/migrate.ts')).runMigrate(invocation),
};
