import { describe, expect, it } from 'vitest';
import { formatDiagnostic, type ManifestContent, parseManifest } from '../../src/index.ts';

const object = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`;

const namesOf = ({ documents }: ManifestContent): unknown[] => documents.map(({ object: { metadata } }) => metadata.name);
const said = ({ diagnostics }: ManifestContent): string[] => diagnostics.map(formatDiagnostic);

const release = (namespace: string, notes: string): string =>
  `NAME: shop
LAST DEPLOYED: Fri Nov 27 10:00:00 2026
NAMESPACE: ${namespace}
STATUS: pending-install
REVISION: 1
TEST SUITE: None
USER-SUPPLIED VALUES:
kind: Deployment
a: [
COMPUTED VALUES:
b: "{{"
HOOKS:
---
# Source: shop/templates/tests/try.yaml
${object(`${namespace}-try`)}MANIFEST:
---
# Source: shop/templates/web.yaml
${object(`${namespace}-web`)}---
# Source: shop/templates/last.yaml
${object(`${namespace}-last`)}
NOTES:
${notes}
`;

const notes = `1. Get the URL:
  export POD=$(kubectl get pods -l "app=x" -o jsonpath="{.items[0].metadata.name}")
---
Don't: [forget: "it`;

describe('what helm prints of a release', () => {
  it('is read as its hooks and objects at their places, without the words around them', () => {
    const content = parseManifest(release('default', notes), 'standard input');
    expect(namesOf(content)).toEqual(['default-try', 'default-web', 'default-last']);
    expect(said(content)).toEqual([]);
    expect(content.documents.map((document) => document.positionOf('metadata.name').line)).toEqual([18, 25, 31]);
  });

  it('has the objects in the namespace of the release, each in that of its own', () => {
    const content = parseManifest(`${release('a', notes)}${release('b', '')}`, 'f');
    expect(content.documents.map(({ object: { metadata }, releaseNamespace }) => [metadata.name, releaseNamespace])).toEqual([
      ['a-try', 'a'],
      ['a-web', 'a'],
      ['a-last', 'a'],
      ['b-try', 'b'],
      ['b-web', 'b'],
      ['b-last', 'b'],
    ]);
  });

  it('is read with the line ends of Windows, with what helm says before it, and without its head', () => {
    const text = `Release "shop" has been upgraded. Happy Helming!\n${release('default', notes)}`;
    expect(namesOf(parseManifest(text.replaceAll('\n', '\r\n'), 'f'))).toEqual(['default-try', 'default-web', 'default-last']);
    const tail = `MANIFEST:\n---\n${object('a')}\nNOTES:\nHave: a: look\n`;
    expect([namesOf(parseManifest(tail, 'f')), said(parseManifest(tail, 'f'))]).toEqual([['a'], []]);
  });

  it('may quote an object in its notes, which is left out and said', () => {
    const content = parseManifest(`${object('a')}NOTES:\nCreate this:\n---\n${object('b')}`, 'f');
    expect(namesOf(content)).toEqual(['a']);
    expect(said(content)).toEqual([
      'f:8: an object among the notes of a chart is left out (give it as a manifest of its own, if it is applied) [foreign-line]',
    ]);
  });
});

describe('what programs say among manifests', () => {
  it.each([
    ['klog', 'W1127 10:00:00.000000     123 warnings.go:70] policy/v1beta1 is deprecated'],
    ['helm', 'coalesce.go:286: warning: cannot overwrite table with non table for x.y (map[])'],
    ['helm in debug mode', 'install.go:214: [debug] Original chart version: ""'],
    ['helm that fetched a chart', 'Pulled: registry.example/redis:18.0.0\nDigest: sha256:abc'],
    ['helm that says hello', 'Release "x" does not exist. Installing it now.'],
    ['helm that minds rights', 'WARNING: Kubernetes configuration file is group-readable. This is insecure. Location: /x: y'],
    ['slog', 'time=2026-11-27T10:00:00.000Z level=WARN msg="a: b"'],
    ['a sentence', "Using the project's settings\n  of this folder"],
  ])('%s: is left out at the start, and said', (_name, words) => {
    for (const text of [
      `${words}\n${object('a')}`,
      `${words}\n---\n${object('a')}`,
      `${words}\n{"apiVersion": "v1", "kind": "X", "metadata": {"name": "a"}}`,
    ]) {
      const content = parseManifest(text, 'f');
      expect(namesOf(content)).toEqual(['a']);
      expect(said(content)).toEqual([expect.stringMatching(/^f:1: this line (and 1 more are|is) no manifest, and (are|is) left out \(/)]);
    }
  });

  it('is left out also behind a document and in one', () => {
    const content = parseManifest(`apiVersion: v1\nW1127 10:00:00.1  1 x.go:7] a: b\nkind: X\nmetadata: {name: a}\nError: exit: 1\n`, 'f');
    expect(namesOf(content)).toEqual(['a']);
    expect(said(content)).toEqual([expect.stringContaining('f:2: this line and 1 more are no manifest')]);
  });

  it('is not taken for what stands in texts of an object', () => {
    const text = `${object('a')}data:\n  x: |\n    NOTES:\n    Error: no\n    MANIFEST:\n  z: "a\n    W1127 10:00:00 x"\n`;
    const content = parseManifest(text, 'f');
    expect(content.documents[0]?.object).toMatchObject({ data: { x: 'NOTES:\nError: no\nMANIFEST:\n', z: 'a W1127 10:00:00 x' } });
    expect(said(content)).toEqual([]);
  });

  it('is an error where no object follows', () => {
    const content = parseManifest('Error: INSTALLATION FAILED: chart not found\n', 'f');
    expect(content.documents).toEqual([]);
    expect(content.diagnostics).not.toEqual([]);
  });
});
