/** Objects as a manifest with comments, for people who are to read and change it. */
import { Document, isNode } from 'yaml';
import type { KubeObject } from '../objects/object-meta.ts';

/** An object, and what is said of it and of its parts: one line each. */
export interface CommentedObject {
  readonly object: KubeObject;
  /** Before the object. */
  readonly header: readonly string[];
  /** Before the value at a path; one that is not there has no comment. */
  readonly comments: readonly { readonly path: readonly (string | number)[]; readonly lines: readonly string[] }[];
}

/** The YAML of the objects, one document each, which reads back as the objects without comments do. */
export function formatCommentedManifest(objects: readonly CommentedObject[]): string {
  return objects.map(formatObject).join('---\n');
}

function formatObject({ object, header, comments }: CommentedObject): string {
  const document = new Document(object, { schema: 'yaml-1.1', aliasDuplicateObjects: false });
  for (const { path, lines } of comments) {
    const node = document.getIn(path, true);
    if (isNode(node)) node.commentBefore = commentOf(lines);
  }
  const text = document.toString({ lineWidth: 0 });
  // In front of the first key: a comment of the document would be set apart by an empty line.
  return header.length === 0 ? text : `${header.map((line) => `# ${plain(line)}\n`).join('')}${text}`;
}

function commentOf(lines: readonly string[]): string {
  return lines.map((line) => ` ${plain(line)}`).join('\n');
}

/** A comment ends with its line: nothing of a name gets out of it. */
function plain(line: string): string {
  return line.replace(/[\p{Cc}\u2028\u2029]/gu, ' ');
}
