/**
 * The beginning of a transaction that puts a whole state in the place of what the kernel holds.
 *
 * Where the table stands as it is meant, its chains and sets stay and only their contents are
 * exchanged. Making the table anew would be one transaction too, but not one instant for a packet:
 * the kernel puts a new base chain in front of an old one of its priority, so a packet can pass the
 * new one while it is still empty and the old one when it is empty already, and nobody has judged
 * it (seen under load; DP35).
 */
import { type NftablesConnection, type RuleDefinition, readHostU32, Transaction } from '@weir/kernel';
import { chainsWithOtherRules, tableStands } from './drift.ts';
import { endedSetDefinitions } from './ended-connections.ts';
import { chainDefinitions } from './layout.ts';
import { countedSets, familySets, setDefinitions, weirTable } from './sets.ts';

/** Chains and rules as they are meant, sets empty; in place where the table stands, else made anew. */
export function beginReplacement(connection: NftablesConnection, rules: readonly RuleDefinition[]): Transaction {
  if (!tableStands(connection)) return makeTableAnew(rules);
  const transaction = new Transaction(weirTable).addTable();
  const changed = new Set(chainsWithOtherRules(connection, rules));
  for (const chain of changed) transaction.flushChain(chain);
  for (const rule of rules) if (changed.has(rule.chain)) transaction.addRule(rule);
  for (const set of setDefinitions) transaction.flushSet(set.name);
  return transaction;
}

/** The same, with a table that is deleted, if it is there, and made anew. */
export function makeTableAnew(rules: readonly RuleDefinition[]): Transaction {
  const transaction = new Transaction(weirTable).addTable().deleteTable().addTable();
  for (const set of [...setDefinitions, ...endedSetDefinitions]) transaction.addSet(set);
  for (const chain of chainDefinitions) transaction.addChain(chain);
  for (const rule of rules) transaction.addRule(rule);
  return transaction;
}

/** The highest number of a program, a class or a rule that the kernel holds; 0 when it holds none. */
export function highestNumber(connection: NftablesConnection): number {
  let highest = 0;
  for (const set of countedSets) {
    for (const { key } of connection.elements(weirTable, set)) highest = Math.max(highest, readHostU32(Buffer.from(key), 0));
  }
  for (const family of [4, 6] as const) {
    const { class: classes, block } = familySets(family);
    for (const set of [classes, block]) {
      for (const { data } of connection.elements(weirTable, set)) {
        // Values are a zero and the number; ends of ranges have none.
        if (data !== undefined && data.length >= 8) highest = Math.max(highest, readHostU32(Buffer.from(data), 4));
      }
    }
  }
  return highest;
}
