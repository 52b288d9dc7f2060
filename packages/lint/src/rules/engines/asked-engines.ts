/** The engines that objects are looked at for: the one that they are judged as, and those that they should work with too. */
import { engineTitles } from '@weir/analyze';
import type { EngineName, OperatingSystem } from '@weir/model';
import type { LintContext } from '../../context/lint-context.ts';

/** All of them, each once. What the specification leaves to engines is asked of no engine where some are named. */
export function askedEngines({ profile, reading: { engines = [] } }: LintContext): readonly EngineName[] {
  const own = profile.name === 'kubernetes' && engines.length > 0 ? [] : [profile.name];
  return [...new Set([...own, ...engines])];
}

/** Those beside the one that the objects are judged as. */
export function otherEngines(context: LintContext): readonly EngineName[] {
  return askedEngines(context).filter((engine) => engine !== context.profile.name);
}

/** What people call an engine. */
export function titleOf(engine: EngineName): string {
  return engine === 'kubernetes' ? 'an engine that does what Kubernetes specifies' : engineTitles[engine];
}

/** What people call a system. */
export const systemTitles: Readonly<Record<OperatingSystem, string>> = { linux: 'Linux', windows: 'Windows' };
