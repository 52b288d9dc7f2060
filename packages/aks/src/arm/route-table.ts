/**
 * Which handler answers a path. Literal segments are compared without regard to case, as Azure does; parameters keep
 * the caller's.
 */

/** Parameters of a path by name, decoded. */
export type PathParameters = Readonly<Record<string, string>>;

interface TableNode<Handler> {
  readonly literals: Map<string, TableNode<Handler>>;
  parameter?: { readonly name: string; readonly node: TableNode<Handler> };
  readonly handlers: Map<string, Handler>;
}

/** What a path leads to. */
export interface FoundRoute<Handler> {
  readonly parameters: PathParameters;
  /** By method. */
  readonly handlers: ReadonlyMap<string, Handler>;
}

/** Routes as a tree of segments. */
export class RouteTable<Handler> {
  readonly #root: TableNode<Handler> = emptyNode();

  /** Adds `METHOD /literal/{parameter}`. */
  add(route: string, handler: Handler): void {
    const [method = '', pattern = ''] = route.split(' ');
    let node = this.#root;
    for (const segment of segmentsOf(pattern)) {
      const name = /^\{(\w+)\}$/.exec(segment)?.[1];
      node = name === undefined ? literalOf(node, segment.toLowerCase()) : parameterOf(node, name);
    }
    node.handlers.set(method, handler);
  }

  /** The handlers of a path; undefined for a path that nothing serves, or that is no path. */
  find(path: string): FoundRoute<Handler> | undefined {
    const segments = segmentsOf(path).map(decoded);
    return segments.includes(undefined) ? undefined : findBelow(this.#root, segments as readonly string[], {});
  }
}

/** A literal goes before a parameter, unless it leads nowhere. */
function findBelow<Handler>(
  node: TableNode<Handler>,
  segments: readonly string[],
  parameters: PathParameters,
): FoundRoute<Handler> | undefined {
  const [segment, ...rest] = segments;
  if (segment === undefined) return node.handlers.size === 0 ? undefined : { parameters, handlers: node.handlers };
  const literal = node.literals.get(segment.toLowerCase());
  const found = literal === undefined ? undefined : findBelow(literal, rest, parameters);
  if (found !== undefined || node.parameter === undefined) return found;
  return findBelow(node.parameter.node, rest, { ...parameters, [node.parameter.name]: segment });
}

function emptyNode<Handler>(): TableNode<Handler> {
  return { literals: new Map(), handlers: new Map() };
}

function literalOf<Handler>(node: TableNode<Handler>, literal: string): TableNode<Handler> {
  const known = node.literals.get(literal);
  if (known !== undefined) return known;
  const made: TableNode<Handler> = emptyNode();
  node.literals.set(literal, made);
  return made;
}

function parameterOf<Handler>(node: TableNode<Handler>, name: string): TableNode<Handler> {
  node.parameter ??= { name, node: emptyNode() };
  return node.parameter.node;
}

/** Empty segments do not count: az joins a base that ends in a slash with a path that begins with one. */
function segmentsOf(path: string): readonly string[] {
  return path.split('/').filter((segment) => segment !== '');
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
