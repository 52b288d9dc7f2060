/** Why a patch cannot be applied. */

/** The patch cannot be applied; the message says why. */
export class PatchError extends Error {
  override readonly name = 'PatchError';
}
