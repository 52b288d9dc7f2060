/** The versions of Kubernetes that this cloud offers. All run as the lab's one; the number decides what is allowed. */

/** A version as numbers. */
export interface ParsedVersion {
  readonly minor: number;
  /** Absent: the newest patch. */
  readonly patch?: number;
}

/** A minor version and its patches, oldest first. */
export interface OfferedVersion {
  readonly minor: number;
  readonly patches: readonly string[];
  readonly isDefault?: boolean;
  readonly isPreview?: boolean;
  /** Only with long-term support. */
  readonly isLongTermOnly?: boolean;
}

export const offeredVersions: readonly OfferedVersion[] = [
  { minor: 30, patches: ['1.30.13', '1.30.14'], isLongTermOnly: true },
  { minor: 31, patches: ['1.31.12', '1.31.13'], isLongTermOnly: true },
  { minor: 32, patches: ['1.32.10', '1.32.11'], isLongTermOnly: true },
  { minor: 33, patches: ['1.33.8', '1.33.9'], isLongTermOnly: true },
  { minor: 34, patches: ['1.34.3', '1.34.4'], isDefault: true },
  { minor: 35, patches: ['1.35.1', '1.35.2'] },
  { minor: 36, patches: ['1.36.0', '1.36.1'] },
  { minor: 37, patches: ['1.37.0'], isPreview: true },
];

/** `1.34` or `1.34.4`; undefined for anything else. */
export function parseVersion(text: string): ParsedVersion | undefined {
  const match = /^1\.(\d{1,3})(?:\.(\d{1,3}))?$/.exec(text);
  if (match === null) return undefined;
  const [, minor = '', patch] = match;
  return { minor: Number(minor), ...(patch === undefined ? {} : { patch: Number(patch) }) };
}

/** The full version that is run for a version that was asked for; '' asks for the default. Undefined: not offered. */
export function currentVersion(asked: string): string | undefined {
  const offered = asked === '' ? offeredVersions.find(({ isDefault }) => isDefault === true) : offeredMinor(asked);
  const newest = offered?.patches.at(-1);
  const parsed = parseVersion(asked);
  return parsed?.patch === undefined ? newest : offered?.patches.find((patch) => patch === asked);
}

/** The default as it is shown in `kubernetesVersion`: without the patch. */
export function defaultVersion(): string {
  return `1.${offeredVersions.find(({ isDefault }) => isDefault === true)?.minor ?? 34}`;
}

/** The versions that a cluster of one version may go to: newer patches of its own minor version and of the next one. */
export function upgradesOf(version: string): readonly string[] {
  const own = parseVersion(version);
  if (own === undefined) return [];
  return offeredVersions
    .filter(({ minor }) => minor === own.minor || minor === own.minor + 1)
    .flatMap(({ patches }) => patches)
    .filter((patch) => compareVersions(patch, version) > 0);
}

/** Below zero when `a` is the older one. */
export function compareVersions(a: string, b: string): number {
  const [first, second] = [parseVersion(a), parseVersion(b)];
  return (first?.minor ?? 0) - (second?.minor ?? 0) || (first?.patch ?? 0) - (second?.patch ?? 0);
}

/** The image after an image: the date at its end goes on by a week. */
export function nextNodeImage(image: string): string {
  const match = /^(.*?)(\d{6})(?:\.(\d+)\.(\d+))?$/.exec(image);
  if (match === null) return image;
  const [, head = '', month = '', week] = match;
  return week === undefined ? `${head}${Number(month) + 1}` : `${head}${month}.${String(Number(week) + 1).padStart(2, '0')}.0`;
}

function offeredMinor(asked: string): OfferedVersion | undefined {
  const parsed = parseVersion(asked);
  return offeredVersions.find(({ minor }) => minor === parsed?.minor);
}
