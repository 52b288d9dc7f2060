/** What must be equal of two outputs: az 2.45 speaks an older version of AKS's API, whose clusters have fewer fields. */
import { isJsonObject } from '@weir/kube';
import { expect } from 'vitest';
import type { AzOutcome } from './run-weir-az.ts';

/** Fields that newer versions have no more, or spell in another way. */
const left = new Set([
  'enablePodSecurityPolicy',
  'dockerBridgeCidr',
  'enableVTPM',
  'nodeOSUpgradeChannel',
  'scaleSetEvictionPolicy',
  'spotMaxPrice',
]);
/** Fields that newer versions have, and that are not null. */
const added = new Set([
  'bootstrapProfile',
  'enableVtpm',
  'metricsProfile',
  'networkPluginMode',
  'nodeOsUpgradeChannel',
  'nodeProvisioningProfile',
  'resourceUid',
  'securityProfile',
  'supportPlan',
  'storageProfile',
]);

/** The same exit code and errors; the same output, but for fields of newer versions. */
export function expectLike(weir: AzOutcome, az: AzOutcome): void {
  // What az advises may be followed by advice of Weir's.
  expect({ code: weir.code, stderr: weir.stderr.slice(0, az.stderr.length) }, weir.stderr).toEqual({ code: az.code, stderr: az.stderr });
  if (az.stderr === '') expect(weir.stderr).toBe('');
  const [ours, theirs] = [jsonOf(weir.stdout), jsonOf(az.stdout)];
  if (ours === undefined || theirs === undefined) expect(weir.stdout).toBe(az.stdout);
  else {
    expect(isInOrder(weir.stdout)).toBe(true);
    expect(differences(ours, theirs, '')).toEqual([]);
  }
}

function differences(ours: unknown, theirs: unknown, path: string): readonly string[] {
  if (Array.isArray(ours) && Array.isArray(theirs) && ours.length === theirs.length) {
    return ours.flatMap((each, at) => differences(each, theirs[at], `${path}[${at}]`));
  }
  if (!isJsonObject(ours) || !isJsonObject(theirs)) return ours === theirs ? [] : [`${path}: ${String(ours)}, not ${String(theirs)}`];
  const keys = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])];
  return keys.flatMap((key) => {
    if (left.has(key) || added.has(key)) return [];
    if (!(key in theirs)) return ours[key] === null ? [] : [`${path}.${key}: only ours`];
    return key in ours ? differences(ours[key], theirs[key], `${path}.${key}`) : [`${path}.${key}: missing`];
  });
}

/** Whether the keys of the outermost object are sorted, as az prints them. */
function isInOrder(text: string): boolean {
  const keys = [...text.matchAll(/^ {2}"(\w+)":/gm)].map(([, key = '']) => key);
  return keys.every((key, at) => at === 0 || (keys[at - 1] ?? '') <= key);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
