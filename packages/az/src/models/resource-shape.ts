/**
 * From the documents of a server to the results of az: a shape lists the fields that az's models know, in the models'
 * order. A field that the server leaves out is null, `properties` are lifted up, names lose their runs of capitals
 * (`enableRBAC` is `enableRbac`), and what a model does not know comes after, under the server's name.
 */
import { isJsonObject, type JsonObject } from '@weir/kube';

/** The shape of one kind of document. */
export interface ResourceShape {
  readonly fields: readonly ShapeField[];
}

interface ShapeField {
  /** The server's name. */
  readonly wire: string;
  /** az's name. */
  readonly name: string;
  /** Whether it is in `properties` there. */
  readonly isLifted: boolean;
  readonly inner?: InnerShape;
}

/** The shape of what a field holds: an object, a list of them, or a map to them. */
interface InnerShape {
  readonly shape: ResourceShape;
  readonly kind: 'object' | 'list' | 'map';
}

/** The fields of a model: names with spaces between, `~` before those that are in `properties`, `=` before another name. */
export function shape(fields: string, inner: Readonly<Record<string, InnerShape>> = {}): ResourceShape {
  return {
    fields: fields.split(/\s+/).map((text) => {
      const [wire = '', name = azName(wire)] = text.replace('~', '').split('=');
      const within = inner[wire];
      return { wire, name, isLifted: text.startsWith('~'), ...(within === undefined ? {} : { inner: within }) };
    }),
  };
}

/** Shapes of what fields hold. */
export const holds = {
  one: (of: ResourceShape): InnerShape => ({ shape: of, kind: 'object' }),
  list: (of: ResourceShape): InnerShape => ({ shape: of, kind: 'list' }),
  map: (of: ResourceShape): InnerShape => ({ shape: of, kind: 'map' }),
};

/** A document as az prints it, with `resourceGroup` beside every id that has one. */
export function shaped(document: unknown, { fields }: ResourceShape): JsonObject {
  return withResourceGroups(shapedObject(isJsonObject(document) ? document : {}, fields)) as JsonObject;
}

function shapedObject(document: JsonObject, fields: readonly ShapeField[]): JsonObject {
  const lifted = fields.some(({ isLifted }) => isLifted) && isJsonObject(document['properties']) ? document['properties'] : {};
  const result: JsonObject = {};
  for (const { wire, name, isLifted, inner } of fields) result[name] = shapedField((isLifted ? lifted : document)[wire], inner);
  const known = new Set(fields.filter(({ isLifted }) => !isLifted).map(({ wire }) => wire));
  if (fields.some(({ isLifted }) => isLifted)) known.add('properties');
  for (const [wire, value] of Object.entries(document)) if (!known.has(wire)) result[wire] = value;
  return result;
}

function shapedField(value: unknown, inner: InnerShape | undefined): unknown {
  if (value === undefined || value === null) return null;
  if (inner === undefined) return value;
  const { shape: of, kind } = inner;
  if (kind === 'list') return Array.isArray(value) ? value.map((each) => shapedField(each, holds.one(of))) : value;
  if (!isJsonObject(value)) return value;
  if (kind === 'object') return shapedObject(value, of.fields);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shapedField(each, holds.one(of))]));
}

/** `osDiskSizeGB` is `osDiskSizeGb`, `countIPv6` is `countIpv6`, `managedOutboundIPs` stays. */
function azName(wire: string): string {
  const words = wire.replace('IPv6', 'Ipv6').match(/[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+|-/g) ?? [wire];
  if (words.includes('-')) return wire.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return words
    .map((word, at) => (at === 0 ? word.toLowerCase() : `${word.slice(0, 1).toUpperCase()}${word.slice(1).toLowerCase()}`))
    .join('');
}

function withResourceGroups(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withResourceGroups);
  if (!isJsonObject(value)) return value;
  const result = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withResourceGroups(inner)]));
  if (Object.keys(result).some((key) => key.toLowerCase() === 'resourcegroup')) return result;
  const group = typeof result['id'] === 'string' ? groupOfId(result['id']) : undefined;
  return group === undefined ? result : { ...result, resourceGroup: group };
}

/** Of a resource in a group; the group's own id has none. */
function groupOfId(id: string): string | undefined {
  const parts = id.split('/');
  return parts[3]?.toLowerCase() === 'resourcegroups' && parts[8] !== undefined ? parts[4] : undefined;
}
