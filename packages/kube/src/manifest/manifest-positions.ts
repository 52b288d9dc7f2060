/** Where the fields of a parsed YAML document stand in its text. */
import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type LineCounter, type Node } from 'yaml';
import type { TextPosition } from './diagnostic.ts';

/** The steps of a field path in the notation of the API server: `a.b[0]`, `labels[app.x/y]`. */
function fieldPathSteps(path: string): string[] {
  return [...path.matchAll(/\[([^\]]*)\]|([^.[\]]+)/g)].map(([, inBrackets, name]) => inBrackets ?? name ?? '');
}

/** What positions are looked up in. */
export interface PositionSource {
  readonly file: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

/**
 * The place of a field: of its key in a map, of its first character in a list. A field that is not
 * there has the place of the nearest part of the document that is.
 */
export function fieldPosition({ file, document, lines }: PositionSource, path: string): TextPosition {
  let node: Node | undefined = isNode(document.contents) ? document.contents : undefined;
  let offset = startOf(node) ?? document.range?.[0] ?? 0;
  for (const step of fieldPathSteps(path)) {
    const next = child(document, node, step);
    if (next === undefined) break;
    node = next.node;
    offset = next.offset ?? offset;
  }
  const { line, col } = lines.linePos(offset);
  return { file, line, column: col };
}

function child(
  document: Document,
  parent: Node | undefined,
  step: string,
): { node: Node | undefined; offset: number | undefined } | undefined {
  const node = isAlias(parent) ? parent.resolve(document) : parent;
  if (isSeq(node)) {
    const item = /^[0-9]+$/.test(step) ? node.items[Number(step)] : undefined;
    return isNode(item) ? { node: item, offset: startOf(item) } : undefined;
  }
  if (!isMap(node)) return undefined;
  // Of fields that are there twice the last counts.
  const pair = node.items.findLast(({ key }) => isScalar(key) && String(key.value) === step);
  if (pair === undefined) return undefined;
  return { node: isNode(pair.value) ? pair.value : undefined, offset: isNode(pair.key) ? startOf(pair.key) : undefined };
}

function startOf(node: Node | undefined): number | undefined {
  return node?.range?.[0];
}
