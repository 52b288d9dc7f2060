/** Why a patch cannot be applied. */

/** How the real server answers: 422 for what does not fit the object, 400 for a malformed patch, 500 for what it does not explain. */
export type PatchFault = 'rejected' | 'malformed' | 'unexplained';

/** The patch cannot be applied; the message says why. */
export class PatchError extends Error {
  override readonly name = 'PatchError';
  readonly fault: PatchFault;

  constructor(message: string, fault: PatchFault = 'rejected') {
    super(message);
    this.fault = fault;
  }
}
