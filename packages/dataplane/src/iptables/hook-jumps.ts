/** The jumps from the kernel's chains to Weir's: where they shall stand, and the commands that put them there. */
import type { EstablishedMode } from '../dataplane.ts';
import { fixedChains } from './names.ts';
import { jumpsOf, type SavedTable } from './rule-script.ts';

/**
 * Where in the chains of the kernel Weir is asked. `first`: before everybody else, kube-proxy too, whose
 * chain accepts what it has marked. `after-kube-proxy`: behind its last jump, where those packets do not come.
 */
export type HookPosition = 'first' | 'after-kube-proxy';

/** What the jumps depend on. */
export interface JumpOptions {
  readonly position: HookPosition;
  readonly established: EstablishedMode;
}

interface Jump {
  readonly hook: string;
  readonly chain: string;
  readonly wanted: boolean;
}

function jumps({ established }: JumpOptions): Jump[] {
  return [
    { hook: 'FORWARD', chain: fixedChains.forward, wanted: true },
    { hook: 'INPUT', chain: fixedChains.input, wanted: true },
    { hook: 'OUTPUT', chain: fixedChains.output, wanted: established === 'cut' },
  ];
}

/** Whether jumps to Weir stand in the chain. */
export function isHookChain(name: string): boolean {
  return jumps({ position: 'first', established: 'cut' }).some(({ hook }) => hook === name);
}

/** Commands of one commit that put the jumps right; none when they are. */
export function jumpCommands(table: SavedTable, options: JumpOptions): string[] {
  return jumps(options).flatMap((jump) => commandsFor(jump, jumpsOf(table, jump.hook), options.position));
}

/** Commands that take all jumps away. */
export function jumpRemovals(table: SavedTable): string[] {
  return jumps({ position: 'first', established: 'keep' }).flatMap((jump) =>
    commandsFor({ ...jump, wanted: false }, jumpsOf(table, jump.hook), 'first'),
  );
}

function commandsFor({ hook, chain, wanted }: Jump, rules: readonly string[], position: HookPosition): string[] {
  const ours = rules.flatMap((text, index) => (text.endsWith(`-j ${chain}`) ? [index] : []));
  const others = rules.filter((text) => !text.endsWith(`-j ${chain}`));
  const place = position === 'first' ? 0 : others.findLastIndex((text) => /-j KUBE-/.test(text)) + 1;
  if (wanted ? ours.length === 1 && ours[0] === place : ours.length === 0) return [];
  const deletions = ours.reverse().map((index) => `-D ${hook} ${index + 1}`);
  return wanted ? [...deletions, `-I ${hook} ${place + 1} -j ${chain}`] : deletions;
}
