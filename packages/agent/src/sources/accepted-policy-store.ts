/**
 * The last accepted version of each policy, kept over a restart of the agent.
 *
 * While a newer version is refused the accepted one stays in force; without this file a restart in
 * that moment would close the policy's pods. It is written at most once a second: a version accepted
 * less than a second before a crash is still the listed one, unless its refused successor came within
 * that second too; then its pods are closed.
 */
import { identityProblem, type KubeObject } from '@weir/kube';
import type { Logger } from '../log/log.ts';
import { LateStateFile } from '../state-files/late-state-file.ts';

/** The file and when it is written. */
export class AcceptedPolicyStore {
  readonly #file: LateStateFile;
  readonly #log: Logger;

  /** `current` gives the accepted versions at the time of writing. */
  constructor(stateDirectory: string, log: Logger, current: () => readonly KubeObject[]) {
    this.#log = log;
    const failure = 'the accepted policies could not be kept';
    this.#file = new LateStateFile({ directory: stateDirectory, name: 'accepted-policies.json', log, current, failure });
  }

  /** What an earlier process accepted; nothing when there is no file, and less, with a line in the log, when it is damaged. */
  load(): readonly KubeObject[] {
    const content = this.#file.read();
    if (content.kind === 'absent') return [];
    const values = content.kind === 'read' && Array.isArray(content.value) ? (content.value as unknown[]) : [undefined];
    const policies = values.filter(isStoredPolicy);
    if (policies.length < values.length) {
      this.#log.error(
        { file: this.#file.path, ...(content.kind === 'damaged' ? { error: content.reason } : {}) },
        'the file of accepted policies is damaged; a policy whose newest version is refused may close its pods',
      );
    }
    return policies;
  }

  /** Writes soon. */
  changed(): void {
    this.#file.changed();
  }

  /** Writes now what is due; a failure is logged, the old file stays and the next change tries again. */
  flush(): void {
    this.#file.flush();
  }
}

function isStoredPolicy(value: unknown): value is KubeObject {
  return identityProblem(value) === undefined;
}
