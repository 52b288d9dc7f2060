/** Commands of calicoctl about what Weir does not run: each says why it is not here and what to do instead. */
import { CalicoctlError } from '../calicoctl-error.ts';
import type { CalicoctlCommand } from './calicoctl-command.ts';

const addresses = "changes the blocks of Calico's own address management, which Weir does not run";
const migration = 'belongs to a move from etcd, a data store that Weir does not speak';
const lock = 'locks a data store while it is moved from etcd: no agent of Weir waits for that lock';

const reasons: readonly { readonly name: string; readonly why: string; readonly instead: string }[] = [
  {
    name: 'ipam check',
    why: "compares the blocks of Calico's own address management with the pods, and Weir does not run it",
    instead: 'weir calicoctl ipam show',
  },
  { name: 'ipam release', why: addresses, instead: "Calico's own calicoctl" },
  { name: 'ipam split', why: addresses, instead: "Calico's own calicoctl" },
  { name: 'ipam configure', why: 'writes an IPAMConfiguration', instead: 'weir calicoctl apply with one in a file' },
  { name: 'node status', why: 'asks the BGP daemon of calico-node, which is not running', instead: 'weir status' },
  { name: 'node diags', why: 'collects what calico-node leaves on a node', instead: 'weir agent dump' },
  { name: 'node checksystem', why: 'checks the kernel for calico-node', instead: 'weir agent run, which says what it lacks' },
  { name: 'node run', why: 'starts the container of calico-node', instead: 'weir agent run' },
  { name: 'cluster diags', why: "collects the logs of Calico's pods", instead: 'weir status' },
  { name: 'datastore migrate export', why: migration, instead: 'weir snapshot save' },
  { name: 'datastore migrate import', why: migration, instead: 'weir snapshot load' },
  { name: 'datastore migrate lock', why: lock, instead: 'weir snapshot save, which needs none' },
  { name: 'datastore migrate unlock', why: lock, instead: 'weir snapshot load, which needs none' },
  {
    name: 'datastore migrate-policy-names',
    why: 'renames policies: Weir reads them under the names of both eras',
    instead: 'them as they are',
  },
];

/** All of them; whatever stands behind their names, nothing is asked and nothing changes. */
export const elsewhereCommands: readonly CalicoctlCommand[] = reasons.map(({ name, why, instead }) => ({
  name,
  summary: `Not here: use ${instead}`,
  usage: '',
  options: [],
  takesAnything: true,
  run: () => Promise.reject(new CalicoctlError(`calicoctl ${name} is not here: it ${why}. Use ${instead}.`)),
}));
