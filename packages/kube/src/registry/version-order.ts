/** The order of API versions: stable before beta before alpha, newer before older, all others by name behind them. */

const pattern = /^v([1-9][0-9]*)(?:(alpha|beta)([1-9][0-9]*))?$/;
const stages: readonly (string | undefined)[] = ['alpha', 'beta', undefined];

/** Compares two versions for sorting, the preferred one first (`apimachinery/pkg/version.CompareKubeAwareVersionStrings`). */
export function compareVersions(a: string, b: string): number {
  const left = pattern.exec(a);
  const right = pattern.exec(b);
  if (left === null || right === null) return left === right ? (a < b ? -1 : a > b ? 1 : 0) : left === null ? 1 : -1;
  return (
    stages.indexOf(right[2]) - stages.indexOf(left[2]) || Number(right[1]) - Number(left[1]) || Number(right[3] ?? 0) - Number(left[3] ?? 0)
  );
}
