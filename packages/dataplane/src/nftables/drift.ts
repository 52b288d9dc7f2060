/** Comparison of chains, sets and rules in the kernel with those that are meant; elements are compared in `comparison.ts`. */
import { encodeExpressions, fieldsLength, hookNumber, type NftablesConnection, withoutCounts } from '@weir/kernel';
import { addToGroup } from '@weir/net';
import type { TableLayout } from './layout.ts';
import { weirTable } from './sets.ts';

const policyAccept = 1;

/** One sentence for each chain and set that is not as it is meant, or not ours; rules and elements aside. */
export function structureDrift(connection: NftablesConnection, layout: TableLayout): string[] {
  if (!connection.hasTable(weirTable)) return ['the table is not there'];
  return [...chainDrift(connection, layout), ...setDrift(connection, layout)];
}

function chainDrift(connection: NftablesConnection, layout: TableLayout): string[] {
  const dumped = new Map(connection.chains(weirTable).map((chain) => [chain.name, chain]));
  const drifted: string[] = [];
  for (const { name, hook } of layout.chains) {
    const chain = dumped.get(name);
    dumped.delete(name);
    if (chain === undefined) drifted.push(`chain ${name} is not there`);
    else if (
      hook !== undefined &&
      (chain.hook !== hookNumber[hook.name] || chain.priority !== hook.priority || chain.policy !== policyAccept)
    ) {
      drifted.push(`chain ${name} has another hook, priority or policy`);
    }
  }
  return [...drifted, ...[...dumped.keys()].map((name) => `chain ${name} is not ours`)];
}

/** The names of our chains that hold other rules than they should. */
export function chainsWithOtherRules(connection: NftablesConnection, { chains, rules }: TableLayout): string[] {
  const wanted = byChain(rules.map((rule) => ({ chain: rule.chain, expressions: encodeExpressions(rule.expressions) })));
  const dumped = byChain(connection.rules(weirTable));
  return chains.flatMap(({ name }) => {
    const expected = wanted.get(name) ?? [];
    const found = dumped.get(name) ?? [];
    const same = expected.length === found.length && expected.every((bytes, i) => bytes.equals(withoutCounts(found[i] ?? Buffer.alloc(0))));
    return same ? [] : [name];
  });
}

function setDrift(connection: NftablesConnection, layout: TableLayout): string[] {
  const dumped = new Map(connection.sets(weirTable).map((set) => [set.name, set]));
  const drifted: string[] = [];
  for (const definition of [...layout.sets, ...layout.runtimeSets]) {
    const set = dumped.get(definition.name);
    dumped.delete(definition.name);
    if (set === undefined) drifted.push(`set ${definition.name} is not there`);
    else if (set.keyLength !== fieldsLength(definition.key) || set.dataLength !== fieldsLength(definition.data ?? [])) {
      drifted.push(`set ${definition.name} has another shape`);
    }
  }
  return [...drifted, ...[...dumped.keys()].map((name) => `set ${name} is not ours`)];
}

function byChain(rules: readonly { readonly chain: string; readonly expressions: Buffer }[]): Map<string, Buffer[]> {
  const chains = new Map<string, Buffer[]>();
  for (const { chain, expressions } of rules) addToGroup(chains, chain, expressions);
  return chains;
}
