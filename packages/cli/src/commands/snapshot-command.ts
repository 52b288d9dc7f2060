/** `weir snapshot save|load`: everything that a cluster's control plane has stored, as one file. */
import { explained } from '../cluster-errors.ts';
import { clusterOption } from '../cluster-option.ts';
import type { Command } from '../command.ts';
import { exitCode } from '../exit-code.ts';

const save: Command = {
  name: 'save',
  summary: 'Write everything that the cluster has stored to a file',
  description:
    'The cluster may run meanwhile: the file is one moment of it. Secrets are in it as they are, so only its owner may\n' +
    'read it. An older file of the name is replaced when the new one is whole.',
  positionals: 'FILE',
  positionalCount: { min: 1, max: 1 },
  options: { name: clusterOption },
  examples: ['weir snapshot save before-the-upgrade.snapshot'],
  run: async ({ options, positionals, output }) => {
    const [file = ''] = positionals;
    const cluster = options.text('name') ?? '';
    const { saveClusterSnapshot } = await import('@weir/lab');
    const { objects, revision } = await explained(saveClusterSnapshot(cluster, file));
    if (output.json) output.resultJson({ cluster, file, objects, revision });
    else output.result(`${file} holds the ${objects} objects of cluster "${cluster}" at revision ${revision}`);
    return exitCode.done;
  },
};

const load: Command = {
  name: 'load',
  summary: 'Replace everything that the cluster has stored by what a file holds',
  description:
    'The cluster may run, be stopped, or be a new one. The control plane of one that runs is away for a moment: whoever\n' +
    'watches it is told to begin anew, nodes and agents make what the file says, and the command ends when the API server\n' +
    'serves it. A file that is damaged, cut off or of another version is refused and changes nothing.',
  positionals: 'FILE',
  positionalCount: { min: 1, max: 1 },
  options: { name: clusterOption },
  examples: ['weir snapshot load before-the-upgrade.snapshot', 'weir up --name copy && weir snapshot load FILE --name copy'],
  run: async ({ options, positionals, output }) => {
    const [file = ''] = positionals;
    const cluster = options.text('name') ?? '';
    const { loadClusterSnapshot } = await import('@weir/lab');
    const { objects, revision } = await explained(loadClusterSnapshot(cluster, file));
    if (output.json) output.resultJson({ cluster, file, objects, revision });
    else output.result(`cluster "${cluster}" has the ${objects} objects of ${file}; it goes on at revision ${revision}`);
    return exitCode.done;
  },
};

/** The group `weir snapshot`. */
export const snapshotCommand: Command = {
  name: 'snapshot',
  summary: "The control plane's store as a file: save, load",
  subcommands: [save, load],
};
