/** Under which name a cluster keeps a policy: until Calico 3.32 that of its tier stood before it. */
import { defaultCalicoTier, isTieredCalicoKind } from '@weir/compile';
import type { Resource } from '../resources/resource-kinds.ts';

/** Where an object may be found, the likeliest name first. */
export function storedNames(kind: string, name: string, prefixes: boolean): readonly string[] {
  if (!isTieredCalicoKind(kind) || name === '') return [name];
  const prefixed = `${defaultCalicoTier}.${name}`;
  return prefixes ? [prefixed, name] : [name, prefixed];
}

/** What a new object is stored as. */
export function newStoredName({ kind = '', metadata, spec }: Resource, prefixes: boolean): string {
  const { name = '' } = metadata;
  const tier = typeof spec?.['tier'] === 'string' && spec['tier'] !== '' ? spec['tier'] : defaultCalicoTier;
  if (!prefixes || !isTieredCalicoKind(kind) || /^(knp|ossg)\.default\./.test(name)) return name;
  return name.startsWith(`${tier}.`) ? name : `${tier}.${name}`;
}

/** Whether a cluster of this version (`v3.30.0`) puts tiers before names; one that does not say its version does not. */
export function prefixesNames(version: string): boolean {
  const [, major = '0', minor = '0'] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  return version !== '' && (Number(major) < 3 || (Number(major) === 3 && Number(minor) < 32));
}
