/** Semantic versions (SemVer 2.0.0). */
import { CelError } from '../cel-error.ts';
import { type CelValue, OpaqueValue } from '../values/cel-value.ts';
import { type Overload, overload, traversalCost } from './function-table.ts';

const pattern = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?$/;

class CelVersion extends OpaqueValue {
  readonly typeName = 'kubernetes.Semver';
  readonly numbers: readonly [bigint, bigint, bigint];
  /** The parts of the pre-release; empty for a release. */
  readonly before: readonly string[];

  constructor(numbers: readonly [bigint, bigint, bigint], before: readonly string[]) {
    super();
    this.numbers = numbers;
    this.before = before;
  }

  override equals(other: CelVersion): boolean {
    return comparedVersions(this, other) === 0n;
  }
}

function findVersion(text: string): CelVersion | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const before = match[4]?.split('.') ?? [];
  if (before.some((part) => part === '' || /^0\d+$/.test(part))) return undefined;
  return new CelVersion([BigInt(match[1] ?? 0), BigInt(match[2] ?? 0), BigInt(match[3] ?? 0)], before);
}

/** `v1.0` as `1.0.0`: a leading v, missing parts and leading zeros are forgiven. */
function normalized(text: string): string {
  const [, core = '', rest = ''] = /^v?([0-9.]*)(.*)$/.exec(text) ?? [];
  const parts = core.split('.').map((part) => part.replace(/^0+(?=\d)/, ''));
  while (parts.length < 3) parts.push('0');
  return parts.join('.') + rest;
}

function versionIn(text: string): CelVersion {
  const found = findVersion(text);
  if (found === undefined) throw new CelError(`semver parse error during conversion from string: ${JSON.stringify(text)} is no version`);
  return found;
}

function comparedVersions(a: CelVersion, b: CelVersion): bigint {
  for (const [i, number] of a.numbers.entries()) {
    const other = b.numbers[i] ?? 0n;
    if (number !== other) return number < other ? -1n : 1n;
  }
  if (a.before.length === 0 || b.before.length === 0) return BigInt(Math.sign(b.before.length - a.before.length));
  for (let i = 0; i < Math.min(a.before.length, b.before.length); i++) {
    const order = comparedParts(a.before[i] ?? '', b.before[i] ?? '');
    if (order !== 0n) return order;
  }
  return BigInt(Math.sign(a.before.length - b.before.length));
}

/** Numbers by their size and before texts, texts by their letters. */
function comparedParts(a: string, b: string): bigint {
  if (a === b) return 0n;
  const numeric = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (numeric[0] === true && numeric[1] === true) return BigInt(a) < BigInt(b) ? -1n : 1n;
  if (numeric[0] !== numeric[1]) return numeric[0] === true ? -1n : 1n;
  return a < b ? -1n : 1n;
}

const asVersion = (value: CelValue | undefined): CelVersion => value as CelVersion;
const semver = 'kubernetes.Semver';

/** The functions of versions. */
export const versionLibrary: readonly Overload[] = [
  overload(`semver(string) ${semver}`, ([text]) => versionIn(text as string), traversalCost),
  overload(
    `semver(string, bool) ${semver}`,
    ([text, loose]) => versionIn(loose === true ? normalized(text as string) : (text as string)),
    traversalCost,
  ),
  overload('isSemver(string) bool', ([text]) => findVersion(text as string) !== undefined, traversalCost),
  overload(
    'isSemver(string, bool) bool',
    ([text, loose]) => findVersion(loose === true ? normalized(text as string) : (text as string)) !== undefined,
    traversalCost,
  ),
  overload(`${semver}.major() int`, ([value]) => asVersion(value).numbers[0]),
  overload(`${semver}.minor() int`, ([value]) => asVersion(value).numbers[1]),
  overload(`${semver}.patch() int`, ([value]) => asVersion(value).numbers[2]),
  overload(`${semver}.isGreaterThan(${semver}) bool`, ([a, b]) => comparedVersions(asVersion(a), asVersion(b)) > 0n),
  overload(`${semver}.isLessThan(${semver}) bool`, ([a, b]) => comparedVersions(asVersion(a), asVersion(b)) < 0n),
  overload(`${semver}.compareTo(${semver}) int`, ([a, b]) => comparedVersions(asVersion(a), asVersion(b))),
];
