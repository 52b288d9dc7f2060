/** What calicoctl says when several resources were to be handled. */
import type { Writable } from 'node:stream';
import { CalicoctlError } from '../calicoctl-error.ts';

/** What came of them. */
export interface Handling {
  readonly count: number;
  readonly handled: number;
  readonly errors: readonly string[];
  /** The kind of all of them, when they have one. */
  readonly singleKind: string | undefined;
}

/** `'NetworkPolicy'` behind `before`, when all are of one kind. */
export function toldKind({ singleKind }: Pick<Handling, 'singleKind'>, before: string): string {
  return singleKind === undefined ? '' : `${before}'${singleKind}'`;
}

interface Telling {
  /** `create`. */
  readonly verb: string;
  /** `created`. */
  readonly done: string;
  readonly stdout: Writable;
  /** The command ends at the first error: there is one, and it is told alone. */
  readonly stops: boolean;
}

/** Says what was done; throws when something was not. */
export function assertHandled(handling: Handling, { verb, done, stdout, stops }: Telling): void {
  const { count, handled, errors } = handling;
  const told = stops ? errors.join(' ') : `[${errors.join(' ')}]`;
  if (count === 0) stdout.write('No resources specified\n');
  else if (handled === 0) {
    if (count === 1) throw new CalicoctlError(`failed to ${verb}${toldKind(handling, ' ')} resource: ${told}`);
    throw new CalicoctlError(`failed to ${verb} any${toldKind(handling, ' ')} resources: ${told}`);
  } else if (errors.length === 0) stdout.write(`Successfully ${done} ${handled}${toldKind(handling, ' ')} resource(s)\n`);
  else {
    stdout.write(`Partial success: ${done} the first ${handled} out of ${count}${toldKind(handling, ' ')} resources:\n`);
    throw new CalicoctlError(`${stops ? 'hit error' : 'hit error(s)'}: ${told}`);
  }
}
