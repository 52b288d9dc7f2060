/** A process that changes a cluster, to be killed in the middle. Its argument is a {@link ChangeOrder} as JSON. */
import { argv, stdout } from 'node:process';
import { type ClusterTarget, changeCluster } from '@weir/lab';

/** What it is to do; a line is printed at each step. */
export interface ChangeOrder {
  readonly cluster: string;
  readonly command: readonly string[];
  readonly target: ClusterTarget;
}

if (argv[2] !== undefined) {
  const { cluster, command, target } = JSON.parse(argv[2]) as ChangeOrder;
  stdout.write('begins\n');
  await changeCluster(cluster, target, { command, onProgress: (text) => stdout.write(`${text}\n`) });
}
