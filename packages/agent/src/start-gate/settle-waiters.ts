/** Who waits until what the engine knew at a moment is in the kernel. */

/** Why something is not known to be in the kernel. */
export class EnforcementError extends Error {
  override readonly name = 'EnforcementError';
}

interface Waiter {
  readonly revision: number;
  settle(error: EnforcementError | undefined): void;
}

/** Waiters by the revision that they wait for. */
export class SettleWaiters {
  readonly #waiters = new Set<Waiter>();

  /**
   * Resolves when the revision has settled; rejects with an EnforcementError after `patienceMs`, which says
   * what `lastError` gives then, or when {@link close} is called.
   */
  wait(revision: number, patienceMs: number, lastError: () => string | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        revision,
        settle: (error) => {
          clearTimeout(timer);
          this.#waiters.delete(waiter);
          if (error === undefined) resolve();
          else reject(error);
        },
      };
      const timer = setTimeout(() => {
        const reason = lastError() ?? 'no answer yet';
        waiter.settle(new EnforcementError(`the rules are not in the kernel after ${patienceMs / 1_000} s (${reason})`));
      }, patienceMs);
      this.#waiters.add(waiter);
    });
  }

  /** Everything up to the revision is in the kernel. */
  settle(revision: number): void {
    for (const waiter of this.#waiters) if (waiter.revision <= revision) waiter.settle(undefined);
  }

  /** Nothing more comes into the kernel. */
  close(reason: EnforcementError): void {
    for (const waiter of this.#waiters) waiter.settle(reason);
  }
}
