/** The option that names a cluster, the same for every command. */
import type { OptionDefinition } from './command.ts';

/** The name of a cluster that is given none. */
export const defaultCluster = 'weir';

/** `--name CLUSTER`. */
export const clusterOption: OptionDefinition = {
  type: 'string',
  placeholder: 'CLUSTER',
  default: defaultCluster,
  summary: 'name of the cluster',
};
