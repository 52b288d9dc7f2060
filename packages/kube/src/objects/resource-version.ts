/**
 * Order of resourceVersions. Kubernetes 1.35 guarantees that they are decimal integers that grow
 * (KEP-5504); before, every server with etcd behind it did the same in practice.
 */

/** Negative, zero or positive as `left` is older than, equal to or newer than `right`; undefined when one is not a number. */
export function compareResourceVersions(left: string | undefined, right: string | undefined): number | undefined {
  if (left === undefined || right === undefined || !isDecimal(left) || !isDecimal(right)) return undefined;
  const a = left.replace(/^0+(?=\d)/, '');
  const b = right.replace(/^0+(?=\d)/, '');
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}

function isDecimal(text: string): boolean {
  return /^\d+$/.test(text);
}
