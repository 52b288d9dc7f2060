/** Comparison of the table in the kernel with the one that is meant. */
import { encodeExpressions, fieldsLength, hookNumber, type NftablesConnection, withoutCounts } from '@weir/kernel';
import { elementIdentity, type PlacedElement, sameValue } from './element.ts';
import type { TableLayout } from './layout.ts';
import { weirTable } from './sets.ts';

const policyAccept = 1;

/** One sentence per difference; empty when the kernel holds exactly what is meant. */
export function findDrift(
  connection: NftablesConnection,
  wanted: { readonly layout: TableLayout; readonly elements: Iterable<PlacedElement> },
): string[] {
  if (!connection.hasTable(weirTable)) return ['the table is not there'];
  return [
    ...chainDrift(connection, wanted.layout),
    ...chainsWithOtherRules(connection, wanted.layout).map((name) => `chain ${name} has other rules`),
    ...setDrift(connection, wanted.layout),
    ...elementDrift(connection, wanted),
  ];
}

/** Whether all chains and sets of the table are there as they are meant, and no others; rules and elements aside. */
export function tableStands(connection: NftablesConnection, layout: TableLayout): boolean {
  return chainDrift(connection, layout).length === 0 && setDrift(connection, layout).length === 0;
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

function elementDrift(
  connection: NftablesConnection,
  wanted: { readonly layout: TableLayout; readonly elements: Iterable<PlacedElement> },
): string[] {
  const missing = new Map<string, Map<string, PlacedElement>>(wanted.layout.sets.map(({ name }) => [name, new Map()]));
  for (const placed of wanted.elements) missing.get(placed.set)?.set(elementIdentity(placed), placed);
  const drifted: string[] = [];
  for (const [set, lacking] of missing) {
    let unexpected = 0;
    for (const element of connection.elements(weirTable, set)) {
      const identity = elementIdentity({ set, element });
      const meant = lacking.get(identity);
      if (meant !== undefined && sameValue(meant.element, element)) lacking.delete(identity);
      else if (meant === undefined) unexpected++;
    }
    if (lacking.size > 0) drifted.push(`set ${set} lacks ${lacking.size} elements, or has them with other values`);
    if (unexpected > 0) drifted.push(`set ${set} has ${unexpected} elements that are not ours`);
  }
  return drifted;
}

function byChain(rules: readonly { readonly chain: string; readonly expressions: Buffer }[]): Map<string, Buffer[]> {
  const chains = new Map<string, Buffer[]>();
  for (const { chain, expressions } of rules) chains.set(chain, [...(chains.get(chain) ?? []), expressions]);
  return chains;
}
