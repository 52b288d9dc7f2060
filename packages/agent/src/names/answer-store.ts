/**
 * What names had resolved to, kept over a restart of the agent: a restart neither cuts what an answer allows nor lets an
 * answer live longer than it said.
 *
 * Lives are kept as what was left of them, with the time of writing: a clock that was set back meanwhile gives none of
 * them more. The file is synced and written at most once a second: what was answered less than a second before a crash is
 * learned when the name is asked for again. Only names that rules mean are kept, and of those the ones answered last.
 */
import { formatAddress } from '@weir/net';
import type { Logger } from '../log/log.ts';
import { LateStateFile } from '../state-files/late-state-file.ts';
import { type DomainAnswer, parseDomainAnswer } from './domain-answer.ts';

/** So many names are kept, with as many addresses as a name has; their file has less than 10 MB. */
export const keptNamesMax = 2_000;
const keptGroupsMax = 10_000;

/** What is kept: the groups that rules asked for, and answers with what is left of their lives. */
export interface KeptAnswers {
  readonly groups: readonly string[];
  readonly answers: readonly DomainAnswer[];
}

/** What the store needs. */
export interface AnswerStoreOptions {
  readonly stateDirectory: string;
  readonly log: Logger;
  /** What is to be kept, at the time of writing. */
  readonly current: () => KeptAnswers;
  /** The time of day, in milliseconds. */
  readonly wallMs: () => number;
}

/** The file and when it is written. */
export class AnswerStore {
  readonly #options: AnswerStoreOptions;
  readonly #file: LateStateFile;

  constructor(options: AnswerStoreOptions) {
    this.#options = options;
    const { stateDirectory: directory, log, current, wallMs } = options;
    const content = (): unknown => {
      const { groups, answers } = current();
      const texts = answers.map(({ name, addresses }) => ({
        name,
        addresses: addresses.map(({ address, ttlSeconds: ttl }) => ({ address: formatAddress(address), ttl })),
      }));
      return { savedAtMs: wallMs(), groups: groups.slice(0, keptGroupsMax), answers: texts };
    };
    const failure = 'what names resolved to could not be kept';
    this.#file = new LateStateFile({ directory, name: 'domain-answers.json', log, current: content, failure });
  }

  /** What an earlier process kept and still lives; nothing, with a line in the log, when the file is damaged. */
  load(): KeptAnswers {
    const nothing = { groups: [], answers: [] };
    const content = this.#file.read();
    if (content.kind === 'absent') return nothing;
    const kept = content.kind === 'read' ? this.#parse(content.value) : undefined;
    if (kept !== undefined) return kept;
    this.#options.log.error(
      { file: this.#file.path, ...(content.kind === 'damaged' ? { error: content.reason } : {}) },
      'the file of what names resolved to is damaged; names mean nobody until they are asked for again',
    );
    return nothing;
  }

  /** Writes soon. */
  changed(): void {
    this.#file.changed();
  }

  /** Writes now what is due. */
  flush(): void {
    this.#file.flush();
  }

  #parse(value: unknown): KeptAnswers | undefined {
    if (typeof value !== 'object' || value === null) return undefined;
    const { savedAtMs, groups, answers } = value as Readonly<Record<string, unknown>>;
    if (typeof savedAtMs !== 'number' || !Array.isArray(groups) || !Array.isArray(answers) || answers.length > keptNamesMax)
      return undefined;
    if (!groups.every((group) => typeof group === 'string')) return undefined;
    const elapsedSeconds = Math.max(0, this.#options.wallMs() - savedAtMs) / 1_000;
    const read = answers.map(parseDomainAnswer);
    const living = read.flatMap((answer): DomainAnswer[] => ('problem' in answer ? [] : [withoutTime(answer, elapsedSeconds)]));
    return living.length < read.length ? undefined : { groups, answers: living };
  }
}

function withoutTime({ name, addresses }: DomainAnswer, elapsedSeconds: number): DomainAnswer {
  const left = addresses.map(({ address, ttlSeconds }) => ({ address, ttlSeconds: ttlSeconds - elapsedSeconds }));
  return { name, addresses: left.filter(({ ttlSeconds }) => ttlSeconds > 0) };
}
