/**
 * Which of the names that a CustomResourceDefinition asks for it may have: within a group each resource name and
 * each kind belongs to one definition, the one that had it first (upstream's naming controller).
 */
import { deepEqual, type JsonObject, objectAt, setCondition, stringsAt, textAt } from '@weir/kube';

/** Sets `status.acceptedNames` and the conditions NamesAccepted and Established; changes `definition`. */
export function settleNames(definition: JsonObject, others: readonly Readonly<JsonObject>[], time: string): void {
  const spec = objectAt(definition, 'spec');
  const wanted = objectAt(spec, 'names') ?? {};
  const accepted = { ...objectAt(objectAt(definition, 'status'), 'acceptedNames') };
  if (deepEqual(wanted, accepted)) return;
  const taken = takenNames(others.filter((other) => textAt(objectAt(other, 'spec'), 'group') === textAt(spec, 'group')));
  const conflicts: { readonly reason: string; readonly message: string }[] = [];
  const settle = (field: string, reason: string, used: ReadonlySet<string>): void => {
    const name = textAt(wanted, field);
    if (name !== accepted[field] && used.has(name)) conflicts.push({ reason, message: inUse(name) });
    else accepted[field] = name;
  };
  settle('plural', 'PluralConflict', taken.resources);
  settle('singular', 'SingularConflict', taken.resources);
  const own = stringsAt(accepted, 'shortNames');
  const clashes = stringsAt(wanted, 'shortNames').filter((name) => !own.includes(name) && taken.resources.has(name));
  if (clashes.length > 0) {
    const texts = clashes.map(inUse);
    conflicts.push({ reason: 'ShortNamesConflict', message: texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]` });
  } else copyList(wanted, accepted, 'shortNames');
  settle('kind', 'KindConflict', taken.kinds);
  settle('listKind', 'ListKindConflict', taken.kinds);
  copyList(wanted, accepted, 'categories');
  definition['status'] = { ...objectAt(definition, 'status'), acceptedNames: accepted };
  // The last one is told, as upstream does.
  setConditions(definition, conflicts.at(-1), time);
}

/** Whether a condition of the status is true. */
export function hasCondition(definition: Readonly<JsonObject>, type: string): boolean {
  const conditions = objectAt(definition, 'status')?.['conditions'];
  return Array.isArray(conditions) && conditions.some((each: JsonObject) => each['type'] === type && each['status'] === 'True');
}

function takenNames(others: readonly Readonly<JsonObject>[]): { readonly resources: Set<string>; readonly kinds: Set<string> } {
  const names = others.map((other) => objectAt(objectAt(other, 'status'), 'acceptedNames') ?? {});
  const resources = names.flatMap((each) => [textAt(each, 'plural'), textAt(each, 'singular'), ...stringsAt(each, 'shortNames')]);
  const kinds = names.flatMap((each) => [textAt(each, 'kind'), textAt(each, 'listKind')]);
  return { resources: new Set(resources.filter((name) => name !== '')), kinds: new Set(kinds.filter((name) => name !== '')) };
}

function copyList(from: JsonObject, to: JsonObject, field: string): void {
  if (from[field] === undefined) delete to[field];
  else to[field] = from[field];
}

function inUse(name: string): string {
  return `${JSON.stringify(name)} is already in use`;
}

/** What has been established once stays so. */
function setConditions(definition: JsonObject, conflict: { reason: string; message: string } | undefined, time: string): void {
  const names = conflict ?? { reason: 'NoConflicts', message: 'no conflicts found' };
  setCondition(definition, {
    type: 'NamesAccepted',
    status: conflict === undefined ? 'True' : 'False',
    lastTransitionTime: time,
    ...names,
  });
  if (hasCondition(definition, 'Established')) return;
  const established =
    conflict === undefined
      ? { status: 'True', reason: 'InitialNamesAccepted', message: 'the initial names have been accepted' }
      : { status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' };
  setCondition(definition, { type: 'Established', lastTransitionTime: time, ...established });
}
