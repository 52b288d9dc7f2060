/** The fix of a port: another one in its place, wherever in a rule the policy APIs write numbers of ports. */
import type { DraftFix, FieldChange } from '../lint-rule.ts';
import { valueAt } from './field-value.ts';
import type { LintPolicy } from './lint-policy.ts';

/** Undefined where the number is not in the rule exactly once, or where a name cannot stand in its place. Connections change with it. */
export function portFix({ object }: LintPolicy, rule: string, [port, target]: readonly [number, number | string]): DraftFix | undefined {
  const places = [...placesOf(valueAt(object, rule), rule, port)];
  const [place] = places;
  if (place === undefined || places.length > 1) return undefined;
  // Where it stands as a number of its own, a name has a field of another kind.
  if (typeof target === 'string' && !place.takesNames) return undefined;
  const change: FieldChange = { kind: 'replace', field: place.field, value: target };
  return { description: `Write port ${target}`, isSafe: false, changes: [change] };
}

interface PortPlace {
  readonly field: string;
  readonly takesNames: boolean;
}

/** `port: 80`, `port: "80"`, `number: 80` and members of lists called `ports`; ranges are none. */
function* placesOf(value: unknown, path: string, port: number): Iterable<PortPlace> {
  if (Array.isArray(value)) {
    const isPorts = path.endsWith('.ports');
    for (const [i, member] of value.entries()) {
      if (isPorts && member === port) yield { field: `${path}[${i}]`, takesNames: true };
      else yield* placesOf(member, `${path}[${i}]`, port);
    }
  } else if (typeof value === 'object' && value !== null && !('endPort' in value)) {
    for (const [name, member] of Object.entries(value)) {
      const isPort = (name === 'port' || name === 'number') && (member === port || member === String(port));
      if (isPort)
        yield { field: `${path}.${name}`, takesNames: name === 'port' && !('portNumber' in value) && !path.endsWith('.portNumber') };
      else yield* placesOf(member, `${path}.${name}`, port);
    }
  }
}
