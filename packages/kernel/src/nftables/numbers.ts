/**
 * The numbers of nf_tables, as linux/netfilter/nf_tables.h gives them; only those in use here.
 */

/** Families that a table can have. */
export const tableFamily = { inet: 1, ipv4: 2, ipv6: 10 } as const;

/** Netfilter hooks of the inet family. */
export const hookNumber = { prerouting: 0, input: 1, forward: 2, output: 3, postrouting: 4 } as const;

/** The nf_tables subsystem of nfnetlink. */
export const nftablesSubsystem = 10;

/** Message types: the subsystem in the high byte. */
export const nftMessage = {
  newTable: 0xa00,
  getTable: 0xa01,
  deleteTable: 0xa02,
  newChain: 0xa03,
  getChain: 0xa04,
  deleteChain: 0xa05,
  newRule: 0xa06,
  getRule: 0xa07,
  deleteRule: 0xa08,
  newSet: 0xa09,
  getSet: 0xa0a,
  deleteSet: 0xa0b,
  newElement: 0xa0c,
  getElement: 0xa0d,
  deleteElement: 0xa0e,
  newGeneration: 0xa0f,
  getGeneration: 0xa10,
  batchBegin: 0x10,
  batchEnd: 0x11,
} as const;

/** `NFTA_LIST_ELEM` */
export const listElement = 1;
export const tableAttribute = { name: 1, flags: 2, use: 3, handle: 4 } as const;
export const hookAttribute = { number: 1, priority: 2 } as const;
export const chainAttribute = { table: 1, handle: 2, name: 3, hook: 4, policy: 5, type: 7 } as const;
export const ruleAttribute = { table: 1, chain: 2, handle: 3, expressions: 4, userData: 7 } as const;
export const setAttribute = {
  table: 1,
  name: 2,
  flags: 3,
  keyType: 4,
  keyLength: 5,
  dataType: 6,
  dataLength: 7,
  description: 9,
  id: 10,
  timeout: 11,
  userData: 13,
  expression: 17,
} as const;
export const setDescriptionAttribute = { size: 1, concat: 2 } as const;
export const setFieldLength = 1;
export const elementAttribute = { key: 1, data: 2, flags: 3, userData: 6, expression: 7, keyEnd: 10, expressions: 11 } as const;
export const elementListAttribute = { table: 1, set: 2, elements: 3 } as const;
export const expressionAttribute = { name: 1, data: 2 } as const;
export const dataAttribute = { value: 1, verdict: 2 } as const;
export const verdictAttribute = { code: 1, chain: 2 } as const;
export const counterAttribute = { bytes: 1, packets: 2 } as const;

/** Table flags. */
export const tableFlag = { owner: 0x2 } as const;

/** Set flags. */
export const setFlag = { interval: 0x4, map: 0x8, timeout: 0x10, evaluated: 0x20, concat: 0x80 } as const;

/** Element flags. */
export const elementFlag = { intervalEnd: 0x1 } as const;

/** Verdict codes of rules. */
export const verdictCode = { drop: 0, accept: 1, jump: -3, goto: -4, return: -5 } as const;

/**
 * Data types of the `nft` program (its include/datatype.h): they say how `nft list` prints a set
 * and mean nothing to the kernel. The types of a concatenation take six bits each.
 */
export const nftDataType = { ipv4: 7, ipv6: 8, protocol: 12, service: 13, mark: 19, interfaceName: 41 } as const;
