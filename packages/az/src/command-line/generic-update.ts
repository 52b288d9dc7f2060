/** `--set`, `--add` and `--remove`: changes of any property of a document, in this order. */
import { isJsonObject, type JsonObject } from '@weir/kube';
import { refused } from '../az-error.ts';
import { type Argument, argument, flag } from './argument.ts';
import type { GivenArguments } from './given-arguments.ts';

const usages = {
  set: '--set property1.property2=<value>',
  add: '--add property.listProperty <key=value, string or JSON string>',
  remove: '--remove property.list <indexToRemove> OR --remove propertyToRemove',
} as const;

/** The options. */
export const genericUpdate: readonly Argument[] = [
  argument('--set', `Set a property: ${usages.set}`, { arity: 'some', repeats: true }),
  argument('--add', `Add to a list: ${usages.add}`, { arity: 'some', repeats: true }),
  argument('--remove', `Remove a property or a member of a list: ${usages.remove}`, { arity: 'some', repeats: true }),
  flag('--force-string', 'Take values as texts, not as JSON'),
];

/** What is changed: a document whose own properties are known, and what is told of those that are not. */
export interface UpdatedDocument {
  /** Changed in place. */
  readonly document: JsonObject;
  readonly warn: (text: string) => void;
}

/** Carries the options out. Throws az's texts for what a document does not have. */
export function updateGenerically(given: GivenArguments, updated: UpdatedDocument): void {
  const isForced = given.flag('forceString');
  for (const expression of given.texts('set') ?? []) setProperty(updated, expression, isForced);
  for (const [path = '', ...added] of given.occurrences('add')) addMembers(updated.document, { path: partsOf(path), added, isForced });
  for (const [path = '', index] of given.occurrences('remove')) removeProperty(updated.document, partsOf(path), index);
}

/** Without `=` the value is empty, as az has it. */
function setProperty({ document, warn }: UpdatedDocument, expression: string, isForced: boolean): void {
  const at = expression.replace(/\[[^\]]*\]/g, (index) => '_'.repeat(index.length)).indexOf('=');
  const key = at < 0 ? expression : expression.slice(0, at);
  if (key.trim() === '') throw refused('usage error: Empty key in --set. Correct syntax: --set KEY=VALUE [KEY=VALUE ...]');
  const path = partsOf(key);
  const value = valueOf(at < 0 ? '' : expression.slice(at + 1), isForced);
  const name = path.at(-1) ?? '';
  let parent = propertyAt(document, path.slice(0, -1));
  if (parent === null && path.length > 1) {
    // What is not there yet becomes an object.
    parent = {};
    assign(propertyAt(document, path.slice(0, -2)), path.slice(0, -1), parent);
  }
  if (parent === document && !Object.hasOwn(document, name)) {
    warn(`Property '${name}' not found on root. Send it as an additional property .`);
  }
  assign(parent, path, value);
}

function assign(parent: unknown, path: readonly string[], value: unknown): void {
  const name = path.at(-1) ?? '';
  const index = indexOf(name);
  if (Array.isArray(parent) && index !== undefined) {
    if (index >= parent.length) throw refused(`index ${index} doesn't exist on ${name}`);
    parent[index] = value;
  } else if (isJsonObject(parent) && index === undefined && name !== '__proto__') parent[name] = value;
  else throw notFound(parent, name, path);
}

interface Addition {
  readonly path: readonly string[];
  readonly added: readonly string[];
  readonly isForced: boolean;
}

/** Pairs that follow one another are one member. */
function addMembers(document: JsonObject, { path, added, isForced }: Addition): void {
  let list = propertyAt(document, path);
  if (list === null) {
    list = [];
    assign(propertyAt(document, path.slice(0, -1)), path, list);
  }
  if (!Array.isArray(list)) throw refused(`invalid syntax: ${usages.add}`);
  let pairs: Record<string, string> | undefined;
  for (const text of added) {
    const at = text.indexOf('=');
    if (at < 0) {
      pairs = undefined;
      list.push(valueOf(text, isForced));
      continue;
    }
    if (pairs === undefined) {
      pairs = {};
      list.push(pairs);
    }
    pairs[text.slice(0, at)] = text.slice(at + 1);
  }
}

/** A property of the root becomes null, a key of an object goes. */
function removeProperty(document: JsonObject, path: readonly string[], index: string | undefined): void {
  const property = propertyAt(document, path);
  const name = path.at(-1) ?? '';
  if (index !== undefined) {
    if (!Array.isArray(property)) throw refused(`${name} doesn't exist`);
    if (!/^\d+$/.test(index)) throw refused(`invalid syntax: ${usages.remove}`);
    if (Number(index) >= property.length) throw refused(`index ${index} doesn't exist on ${name}`);
    property.splice(Number(index), 1);
    return;
  }
  const parent = propertyAt(document, path.slice(0, -1));
  if (!isJsonObject(parent)) throw refused(`invalid syntax: ${usages.remove}`);
  if (parent === document) parent[name] = Array.isArray(property) ? [] : null;
  else Reflect.deleteProperty(parent, name);
}

function propertyAt(document: JsonObject, path: readonly string[]): unknown {
  return path.reduce<unknown>((parent, part) => {
    const index = indexOf(part);
    if (Array.isArray(parent) && index !== undefined) {
      if (index >= parent.length) throw refused(`index ${index} doesn't exist on ${path.at(-2) ?? ''}`);
      return parent[index] as unknown;
    }
    if (isJsonObject(parent) && index === undefined && Object.hasOwn(parent, part)) return parent[part];
    throw notFound(parent, part, path);
  }, document);
}

/** `a.b[0]` is `a`, `b`, `[0]`. */
function partsOf(path: string): readonly string[] {
  return path.match(/\[[^\]]*\]|[^.[]+/g) ?? [];
}

function indexOf(part: string): number | undefined {
  const digits = /^\[(\d+)\]$/.exec(part)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** JSON where the text is some, and it is not to be a text. */
function valueOf(text: string, isForced: boolean): unknown {
  if (isForced) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function notFound(parent: unknown, part: string, path: readonly string[]): Error {
  const before = path.slice(0, -1).join('.').replaceAll('.[', '[');
  const problem = `Couldn't find '${part}' in '${before}'.`;
  if (isJsonObject(parent)) {
    const known = Object.keys(parent)
      .sort()
      .map((key) => `'${key}'`);
    return refused(`${problem} Available options: [${known.join(', ')}]`);
  }
  if (Array.isArray(parent)) {
    return refused(`${problem} Available options: index into the collection '${before}' with [<index>] or [<key=value>]`);
  }
  return refused(`${problem} '${before}' does not support further indexing.`);
}
