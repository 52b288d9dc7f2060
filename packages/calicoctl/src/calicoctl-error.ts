/** What calicoctl says and ends with code 1: everything that is not done is one text on standard error. */
export class CalicoctlError extends Error {
  override readonly name = 'CalicoctlError';
}

/** An object is not there. */
export class DoesNotExist extends CalicoctlError {}

/** An object is there already. */
export class AlreadyExists extends CalicoctlError {}

/** An object has been changed since it was read. */
export class UpdateConflict extends CalicoctlError {}
