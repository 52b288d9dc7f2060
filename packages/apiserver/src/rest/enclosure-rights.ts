/**
 * Rights over objects that stand in others, as Calico's policies do in tiers: beside the verb on the kind itself, a user
 * must be able to get the tier, and to do the verb to `tier.<resource>`, of this name or of the name `<tier>.*`.
 *
 * Reads of collections are of what stands in the tiers that the user may read so; a selector that names others is refused.
 */
import { type Enclosure, type JsonObject, objectName } from '@weir/kube';
import type { AccessDecision, ResourceAccess } from '../authorization/access.ts';
import { accessTo } from '../authorization/authorize-request.ts';
import { forbidden } from '../errors/api-error.ts';
import type { UserInfo } from '../server/api-message.ts';
import type { ResourceTarget } from '../server/resource-target.ts';
import type { EncodedObject } from '../storage/encoded-object.ts';
import { viewOf } from '../table/encoded-view.ts';
import type { ListOptions } from './list-options.ts';
import { selectionOf } from './object-selection.ts';
import type { RestContext } from './rest-context.ts';
import type { WriteScope } from './write-scope.ts';

/** Who does what. */
interface Act {
  readonly target: ResourceTarget;
  readonly user: UserInfo;
  readonly verb: string;
}

/** Throws 403 when the user may not do it to what stands there; objects of kinds that stand in none pass. */
export function assertEnclosureRights(context: Pick<RestContext, 'authorizer'>, act: Act, object: Readonly<JsonObject>): void {
  const { definition } = act.target;
  if (definition.enclosed === undefined) return;
  assertMayIn(context, act, definition.enclosed, { container: definition.enclosed.containerOf(object), name: objectName(object) });
}

/** The same for a write: where the object stands, and where it stood. */
export function assertMayWriteThere(scope: WriteScope, ...objects: readonly Readonly<JsonObject>[]): void {
  const { context, target, user, verb } = scope;
  if (user === undefined || verb === undefined) return;
  for (const object of objects) assertEnclosureRights(context, { target, user, verb }, object);
}

/** Which objects a request for a collection is about: those that the selectors match, of those that the user may ask for. */
export function permittedSelection(context: RestContext, act: Act, options: ListOptions): (object: EncodedObject) => boolean {
  const { definition } = act.target;
  const isSelected = selectionOf(options, definition);
  const { enclosed } = definition;
  if (enclosed === undefined) return isSelected;
  assertMayInSome(context, act, { enclosed, options });
  const isPermitted = (container: string): boolean => decisionsIn(context, act, enclosed, container).every(({ allowed }) => allowed);
  return (object) => isSelected(object) && isPermitted(enclosed.containerOf(viewOf(definition, object)));
}

/** Where selectors name tiers, all of these must be the user's; else any of those that there are. */
function assertMayInSome(
  context: RestContext,
  act: Act,
  { enclosed, options }: { readonly enclosed: Enclosure; readonly options: ListOptions },
): void {
  const named = [
    ...options.fields.flatMap(({ field, operator, value }) => (field === enclosed.field && operator === 'Equals' ? [value] : [])),
    ...options.labels.flatMap(({ key, operator, values }) => (key === enclosed.label && operator === 'In' ? values : [])),
  ];
  for (const container of named) assertMayIn(context, act, enclosed, { container, name: '' });
  if (named.length > 0) return;
  const containers = Array.from(context.store.list({ resource: enclosed.storageKey }), ({ object }) => objectName(object.json));
  const isAny = containers.some((container) => decisionsIn(context, act, enclosed, container).every(({ allowed }) => allowed));
  if (containers.length > 0 && !isAny) throw forbidden(subjectOf(act, ''), 'operation on Calico tiered policy is forbidden');
}

interface Place {
  readonly container: string;
  /** Empty for collections. */
  readonly name: string;
}

function assertMayIn(context: Pick<RestContext, 'authorizer'>, act: Act, enclosed: Enclosure, { container, name }: Place): void {
  const [read, done] = decisionsIn(context, act, enclosed, container);
  if (read.allowed && done.allowed) return;
  const { definition, subresource, namespace } = act.target;
  const resource = `${definition.plural}.${definition.group}${subresource === '' ? '' : `/${subresource}`}`;
  const where = `in ${enclosed.word} ${JSON.stringify(container)}${namespace === '' ? '' : ` and namespace ${JSON.stringify(namespace)}`}`;
  const why = `User ${JSON.stringify(act.user.username)} cannot ${act.verb} ${resource} ${where}`;
  throw forbidden(subjectOf(act, name), read.allowed ? why : `${why} (user cannot get ${enclosed.word})`);
}

/** Whether the user may get the container, and do the verb in it. */
function decisionsIn(
  { authorizer }: Pick<RestContext, 'authorizer'>,
  { target, user, verb }: Act,
  { word, plural }: Enclosure,
  container: string,
): readonly [read: AccessDecision, done: AccessDecision] {
  const own = accessTo(target, verb);
  const tier: ResourceAccess = { ...own, verb: 'get', resource: plural, subresource: '', namespace: '', name: container };
  const inside: ResourceAccess = { ...own, resource: `${word}.${own.resource}` };
  const ofName = authorizer.decide(user, inside);
  const done = ofName.allowed ? ofName : authorizer.decide(user, { ...inside, name: `${container}.*` });
  return [authorizer.decide(user, tier), done];
}

function subjectOf({ target: { definition } }: Act, name: string): Parameters<typeof forbidden>[0] {
  return { group: definition.group, plural: definition.plural, name };
}
