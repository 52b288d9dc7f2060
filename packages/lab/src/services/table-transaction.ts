/**
 * From one state of a table of the service proxy to the next, as one transaction for `nft -f -`.
 *
 * All of the table is replaced but the sets that the kernel fills, where both states have them: they are what the table
 * has learned.
 */

/** A set, a map or a chain. */
export interface TableObject {
  readonly kind: 'set' | 'map' | 'chain';
  readonly name: string;
  /** What stands between its braces. */
  readonly lines: readonly string[];
  /** Whether its content outlives the replacement of the table. */
  readonly isLasting: boolean;
}

/** A table of the family inet; objects stand before those that refer to them. */
export interface ProxyTable {
  readonly name: string;
  readonly objects: readonly TableObject[];
}

/** A chain of these rules. */
export function chain(name: string, rules: readonly string[]): TableObject {
  return { kind: 'chain', name, lines: rules, isLasting: false };
}

/** The transaction that puts the table in place of `before`; without that, of whatever is there. */
export function tableTransaction(table: ProxyTable, before?: ProxyTable): string {
  const name = `table inet ${table.name}`;
  const kept = new Set(table.objects.filter(({ isLasting }) => isLasting).map((each) => each.name));
  const isContinued = before?.objects.some((object) => object.isLasting && kept.has(object.name)) === true;
  return [
    // Naming the table first makes the deletion succeed also when there is none yet.
    name,
    ...(isContinued ? removals(before, kept) : [`delete ${name}`]),
    `${name} {`,
    ...table.objects.flatMap((object) => [`  ${object.kind} ${object.name} {`, ...object.lines.map((line) => `    ${line}`), '  }']),
    '}',
    '',
  ].join('\n');
}

/** Rules first, for they refer to sets; then maps, for they refer to chains. */
function removals(before: ProxyTable, kept: ReadonlySet<string>): readonly string[] {
  const gone = before.objects.filter(({ name, isLasting }) => !(isLasting && kept.has(name)));
  const removal = ({ kind, name }: TableObject): string => `delete ${kind} inet ${before.name} ${name}`;
  return [
    `flush table inet ${before.name}`,
    ...gone.filter(({ kind }) => kind !== 'chain').map(removal),
    ...gone.filter(({ kind }) => kind === 'chain').map(removal),
  ];
}
