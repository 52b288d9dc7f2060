/** Objects without single fields, which are named by the paths that errors have. */

/** A copy without the fields; undefined when one of the paths names none, or more than one. */
export function withoutFields<T extends object>(object: T, paths: readonly string[]): T | undefined {
  return paths.reduce<T | undefined>((rest, path) => (rest === undefined ? undefined : (without(rest, path) as T | undefined)), object);
}

/** The value at a path; undefined also when the path names none, or more than one. */
export function valueAt(value: unknown, path: string): unknown {
  if (path === '') return value;
  const step = nextStep(value, path);
  return step === undefined ? undefined : valueAt(step.member, step.rest);
}

function without(value: unknown, path: string): unknown {
  const step = nextStep(value, path);
  if (step === undefined || typeof value !== 'object' || value === null) return undefined;
  const { key, member, rest } = step;
  if (rest === '') {
    if (Array.isArray(value)) return undefined;
    return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
  }
  const changed = without(member, rest);
  if (changed === undefined) return undefined;
  if (Array.isArray(value)) return value.map((each: unknown, i) => (String(i) === key ? changed : each));
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, name === key ? changed : each]));
}

interface Step {
  readonly key: string;
  readonly member: unknown;
  /** The path that is left, without the dot between. */
  readonly rest: string;
}

/** Names come from outside and may have dots and brackets in them: one that can be read in two ways is no step. */
function nextStep(value: unknown, path: string): Step | undefined {
  if (Array.isArray(value)) {
    const [, index = '', rest = ''] = /^\[(\d+)\](.*)$/s.exec(path) ?? [];
    const member: unknown = index === '' ? undefined : value[Number(index)];
    return member === undefined ? undefined : { key: index, member, rest: rest.replace(/^\./, '') };
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const [step, ...others] = Object.entries(value).flatMap(([key, member]): Step[] => {
    if (!path.startsWith(key)) return [];
    const rest = path.slice(key.length);
    return rest === '' || /^[.[]/.test(rest) ? [{ key, member, rest: rest.replace(/^\./, '') }] : [];
  });
  return others.length === 0 ? step : undefined;
}
