/**
 * Attempts to connect over SCTP from inside network namespaces: associations of a stack of one's own, because kernels of lab
 * machines have none. One stack serves all attempts of a namespace, and answers for ports there that nobody has.
 */
import { openRawSctpDoor } from '../images/sctp/raw-sctp-door.ts';
import { type SctpConnection, SctpStack } from '../images/sctp/sctp-stack.ts';
import { type Attempt, onlyOnce, type Target } from './probe-attempt.ts';

/** How often an association is begun in the time that there is: packets may get lost, and kernels send few refusals. */
const rounds = 3;

/** The stacks of the namespaces that attempts were made from; the caller closes them. */
export class SctpAttempts {
  readonly #stacks = new Map<string, SctpStack>();

  /** Begins an association, and breaks it off when it is there. Throws when the namespace is gone. */
  attempt(netns: string, { address, port }: Target, { timeoutMs, done }: Attempt): void {
    const stack = this.#stackOf(netns);
    const begun: SctpConnection[] = [];
    let repeat: NodeJS.Timeout | undefined;
    const end = onlyOnce(timeoutMs, (answer) => {
      clearInterval(repeat);
      for (const connection of begun) connection.destroy();
      done(answer);
    });
    const begin = (): void => {
      const closed = (error: string | undefined): void => {
        if (error === 'ECONNREFUSED') end('refused');
      };
      try {
        begun.push(stack.connect(address, port, { established: () => end('connected'), closed }));
      } catch {
        // Out of descriptors or ports: those that were begun still wait.
        if (begun.length === 0) end('error');
      }
    };
    repeat = setInterval(begin, timeoutMs / rounds);
    // It may fail at once, which ends the repetition.
    begin();
  }

  /** Closes the stacks. */
  close(): void {
    for (const stack of this.#stacks.values()) stack.close();
    this.#stacks.clear();
  }

  #stackOf(netns: string): SctpStack {
    const known = this.#stacks.get(netns);
    if (known !== undefined) return known;
    const stack = new SctpStack(openRawSctpDoor(netns));
    this.#stacks.set(netns, stack);
    return stack;
  }
}
