/** nf_tables: transactions, rules, sets and read-backs over netlink. */
export { countedPackets, type Expression, encodeExpressions, type Register, withoutCounts } from './expression.ts';
export { NftablesChangeWatch } from './nftables-change-watch.ts';
export {
  type DeletedElements,
  type DumpedChain,
  type DumpedRule,
  type DumpedSet,
  NftablesConnection,
} from './nftables-connection.ts';
export { hookNumber, nftDataType, setFlag, tableFamily } from './numbers.ts';
export {
  type ChainDefinition,
  type DumpedElement,
  fieldsLength,
  type RuleDefinition,
  type SetDefinition,
  type SetElement,
  type SetField,
} from './set-definition.ts';
export { type FinishedTransaction, type TableName, Transaction } from './transaction.ts';
