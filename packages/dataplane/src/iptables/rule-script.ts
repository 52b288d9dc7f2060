/** Texts for `iptables-restore --noflush`, and what `iptables-save -c` prints. */
import { isWeirChain } from './names.ts';

/** A chain with its rules in order: what stands behind `-A CHAIN `. */
export interface ChainText {
  readonly name: string;
  readonly rules: readonly string[];
}

/**
 * One commit: makes or empties the chains, fills them, then runs the commands for the chains of others.
 * The kernel changes over at one instant.
 */
export function restoreScript(chains: readonly ChainText[], commands: readonly string[] = []): string {
  return [
    '*filter',
    ...chains.map(({ name }) => `:${name} - [0:0]`),
    ...chains.flatMap(({ name, rules }) => rules.map((rule) => `-A ${name} ${rule}`)),
    ...commands,
    'COMMIT',
    '',
  ].join('\n');
}

/** One commit that takes chains away; nothing may refer to them but each other. */
export function removalScript(chains: readonly string[], commands: readonly string[] = []): string {
  return ['*filter', ...commands, ...chains.map((name) => `-F ${name}`), ...chains.map((name) => `-X ${name}`), 'COMMIT', ''].join('\n');
}

/** One rule as it was printed. */
export interface SavedRule {
  readonly chain: string;
  /** What stands behind `-A CHAIN `. */
  readonly text: string;
  readonly packets: bigint;
  readonly bytes: bigint;
}

/** The table `filter` as it was printed. */
export interface SavedTable {
  /** Chains of the kernel and their policies; empty when the table is not there. */
  readonly policies: ReadonlyMap<string, string>;
  readonly chains: ReadonlyMap<string, readonly SavedRule[]>;
}

/** Reads `iptables-save -c`; other tables are left out. */
export function parseSavedTable(text: string): SavedTable {
  const policies = new Map<string, string>();
  const chains = new Map<string, SavedRule[]>();
  let table = '';
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1);
    if (table !== 'filter') continue;
    const declared = /^:(\S+) (\S+)/.exec(line);
    if (declared !== null) {
      const [, chain = '', policy = '-'] = declared;
      chains.set(chain, []);
      if (policy !== '-') policies.set(chain, policy);
      continue;
    }
    const rule = /^\[(\d+):(\d+)\] -A (\S+) ?(.*)$/.exec(line);
    if (rule === null) continue;
    const [, packets = '0', bytes = '0', chain = '', rest = ''] = rule;
    chains.get(chain)?.push({ chain, text: rest, packets: BigInt(packets), bytes: BigInt(bytes) });
  }
  return { policies, chains };
}

/** Weir's chains, in the order of the table. */
export function weirChainsOf({ chains }: SavedTable): Map<string, readonly SavedRule[]> {
  return new Map([...chains].filter(([name]) => isWeirChain(name)));
}

/** The comment of a rule, if it has one. */
export function commentOf({ text }: SavedRule): string | undefined {
  return /--comment (?:"([^"]*)"|(\S+))/
    .exec(text)
    ?.slice(1)
    .find((part) => part !== undefined);
}

/** Where a chain of the kernel jumps to: the texts of its rules. */
export function jumpsOf({ chains }: SavedTable, chain: string): string[] {
  return (chains.get(chain) ?? []).map(({ text }) => text);
}
