/** What can go wrong with a whole cluster, for people. */

/**
 * `invalid` (bad options), `differs` (the cluster exists with another shape), `busy` (somebody else
 * changes it right now), `not-found`, `failed` (it did not come up or go down; the message says what
 * and quotes the log), `undrained` (pods of a node that was to be replaced do not go), `interrupted`.
 */
export type ClusterErrorCode = 'invalid' | 'differs' | 'busy' | 'not-found' | 'failed' | 'undrained' | 'interrupted';

/** The message says what is wrong, where, and what to do. */
export class ClusterError extends Error {
  override readonly name = 'ClusterError';
  readonly code: ClusterErrorCode;

  constructor(code: ClusterErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** The error for a cluster that another process changes right now. */
export function busyError(name: string, pid: number): ClusterError {
  return new ClusterError('busy', `cluster "${name}" is being changed by process ${pid}; wait for it to end`);
}
