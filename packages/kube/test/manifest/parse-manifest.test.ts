import { describe, expect, it } from 'vitest';
import { formatDiagnostic, parseManifest } from '../../src/index.ts';

const policy = `# comment
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: p
  labels:
    app.kubernetes.io/name: x
spec:
  ingress:
    - from:
        - podSelector: {}
        - ipBlock:
            cidr: 10.0.0.0/8
`;

describe('manifests', () => {
  it('every field has its place, a missing one that of the nearest parent', () => {
    const { documents, diagnostics } = parseManifest(policy, 'p.yaml');
    expect(diagnostics).toEqual([]);
    const [document] = documents;
    const place = (path: string): string => {
      const position = document?.positionOf(path);
      return `${position?.line}:${position?.column}`;
    };
    expect(document?.object.kind).toBe('NetworkPolicy');
    expect(place('')).toBe('2:1');
    expect(place('spec.ingress[0]')).toBe('10:7');
    expect(place('spec.ingress[0].from[1]')).toBe('12:11');
    expect(place('spec.ingress[0].from[1].ipBlock.cidr')).toBe('13:13');
    expect(place('spec.ingress[0].from[1].ipBlock.except[0]')).toBe('12:11');
    expect(place('metadata.labels[app.kubernetes.io/name]')).toBe('7:5');
    expect(place('spec.egress')).toBe('8:1');
  });

  it('several documents, empty ones between them, and lists are read', () => {
    const text = `---\n---\nkind: List\napiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: a}\n---\nkind: PodList\napiVersion: v1\nitems:\n- metadata: {name: b}\n`;
    const { documents, diagnostics } = parseManifest(text, 'l.yaml');
    expect(diagnostics).toEqual([]);
    expect(
      documents.map((document) => {
        const { apiVersion, kind, metadata } = document.object;
        return [apiVersion, kind, metadata.name, document.positionOf('metadata.name').line];
      }),
    ).toEqual([
      ['v1', 'Pod', 'a', 8],
      ['v1', 'Pod', 'b', 13],
    ]);
  });

  it('JSON is read with places', () => {
    const { documents } = parseManifest('{\n\t"apiVersion": "v1",\n\t"kind": "Pod",\n\t"metadata": {"name": "a"}\n}', 'p.json');
    expect(documents[0]?.positionOf('metadata')).toEqual({ file: 'p.json', line: 4, column: 2 });
  });

  it('objects of JSON one after the other are read with places, as kubectl reads them, and a broken one hides no other', () => {
    const namespace = (name: string): string =>
      JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { a: '{"' } } });
    const text = `${namespace('a')}\n${JSON.stringify(JSON.parse(namespace('b')), null, 2)} ${namespace('c')}\n{"kind": "Pod", "metadata" "x"}\n${namespace('d')}\n`;
    const { documents, diagnostics } = parseManifest(text, 'f.json');
    expect(documents.map(({ object }) => object.metadata.name)).toEqual(['a', 'b', 'c', 'd']);
    expect(documents.map((document) => document.positionOf('metadata'))).toEqual([
      { file: 'f.json', line: 1, column: 39 },
      { file: 'f.json', line: 5, column: 3 },
      { file: 'f.json', line: 11, column: 41 },
      { file: 'f.json', line: 13, column: 39 },
    ]);
    expect(diagnostics.map(({ code, position }) => [code, position?.line])).toContainEqual(['yaml-syntax', 12]);
    expect(new Set(diagnostics.map(({ position }) => position?.line))).toEqual(new Set([12]));
    // Anything else is YAML.
    expect(parseManifest(`${namespace('a')}\n---\n${namespace('b')}\n`, 'f').documents).toHaveLength(2);
    expect(parseManifest(`{apiVersion: v1, kind: Namespace, metadata: {name: '}{'}}`, 'f').documents).toHaveLength(1);
  });

  it('booleans and octal numbers are read as kubectl reads them', () => {
    const { documents } = parseManifest(
      'apiVersion: v1\nkind: X\nmetadata: {}\na: [yes, Off, "on", y, 010, 0x10, 12:30, 2001-01-01]\n',
      'x.yaml',
    );
    expect(documents[0]?.object).toMatchObject({ a: [true, false, 'on', true, 8, 16, '12:30', '2001-01-01'] });
  });

  it.each<[string, string, string, string]>([
    ['bad syntax', 'a: [1\nb: 2', 'yaml-syntax', 'x.yaml:'],
    ['a scalar', 'hello', 'not-an-object', 'x.yaml:1:1: this is no Kubernetes object'],
    ['no kind', 'apiVersion: v1\nmetadata: {}', 'no-kind', 'x.yaml:1:1: the object has no kind'],
    ['a kind of a wrong type', 'apiVersion: v1\nkind: 1\nmetadata: {}', 'no-kind', 'x.yaml:1:1: the object has no kind'],
    ['no metadata', 'apiVersion: v1\nkind: Pod', 'not-an-object', 'x.yaml:1:1: the Pod has no metadata'],
    [
      'an object that contains itself',
      'apiVersion: v1\nkind: X\nmetadata: &m {labels: *m}\n',
      'yaml-syntax',
      'an alias refers to a part that contains it',
    ],
    ['an alias bomb', aliasBomb(), 'too-many-aliases', 'x.yaml:1:1: Excessive alias count'],
    ['a tower of brackets', '['.repeat(200_000), 'too-deep', 'x.yaml:1:101: the file is nested more than 100 levels deep'],
    ['a tower of dashes', `${'- '.repeat(200_000)}x`, 'too-deep', 'the file is nested more than 100 levels deep'],
  ])('%s is a diagnostic with its place', (_name, text, code, line) => {
    const { documents, diagnostics } = parseManifest(text, 'x.yaml');
    expect(documents).toEqual([]);
    expect(diagnostics[0]?.code).toBe(code);
    expect(diagnostics[0] && formatDiagnostic(diagnostics[0])).toContain(line);
  });

  it('a text above the limit is refused before it is read', () => {
    expect(parseManifest('a'.repeat(11), 'x.yaml', { maxLength: 10 }).diagnostics.map(({ code }) => code)).toEqual(['too-large']);
  });

  it('a broken document does not hide the others', () => {
    const { documents, diagnostics } = parseManifest(`a: [\n---\n${policy}`, 'x.yaml');
    expect(documents).toHaveLength(1);
    expect(diagnostics).not.toEqual([]);
  });

  it('of a field that is there twice the last counts, as for kubectl, and that is said', () => {
    const text = `apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  labels: {app: x, app: z}\n  name: b\n`;
    const { documents, diagnostics } = parseManifest(text, 'x.yaml');
    expect(documents.map(({ object }) => object.metadata)).toEqual([{ name: 'b', labels: { app: 'z' } }]);
    expect(documents[0]?.positionOf('metadata.name')).toEqual({ file: 'x.yaml', line: 6, column: 3 });
    expect(diagnostics.map(formatDiagnostic)).toEqual([
      'x.yaml:5:20: the field app is there twice: this one counts (keep one of them) [duplicate-key]',
      'x.yaml:6:3: the field name is there twice: this one counts (keep one of them) [duplicate-key]',
    ]);
    expect(diagnostics.every(({ severity }) => severity === 'warning')).toBe(true);
  });

  it('one error is told of a document, and not what comes of it', () => {
    const { diagnostics } = parseManifest(`kind: Pod\n\tapiVersion: v1\n  a: b: c\n---\n${policy}`, 'x.yaml');
    expect(diagnostics.map(({ code, position }) => [code, position?.line])).toEqual([['yaml-syntax', 2]]);
  });

  it('a list of objects without more is read, as jq prints .items', () => {
    const one = (name: string): string => `{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "${name}"}}`;
    const { documents, diagnostics } = parseManifest(`[\n${one('a')},\n${one('b')}]`, 'x.json');
    expect(documents.map((document) => [document.object.metadata.name, document.positionOf('metadata.name').line])).toEqual([
      ['a', 2],
      ['b', 3],
    ]);
    expect(diagnostics).toEqual([]);
    expect(parseManifest('- a\n- b\n', 'x.yaml').diagnostics.map(({ code }) => code)).toEqual(['not-an-object']);
  });

  it('an empty namespace is none, and a list without items is empty', () => {
    const text = (namespace: string): string => `apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: ${namespace}}\n`;
    for (const namespace of ["''", 'null', ''])
      expect(parseManifest(text(namespace), 'x.yaml').documents.map(({ object }) => object.metadata)).toEqual([{ name: 'a' }]);
    expect(parseManifest('{"apiVersion": "v1", "kind": "PodList", "metadata": {}, "items": null}', 'x.json')).toEqual({
      documents: [],
      diagnostics: [],
    });
  });

  it('a key named __proto__ stays a key', () => {
    const { documents } = parseManifest('apiVersion: v1\nkind: X\nmetadata: {labels: {__proto__: {polluted: yes}}}\n', 'x.yaml');
    expect(Object.getPrototypeOf(documents[0]?.object.metadata.labels)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

function aliasBomb(): string {
  const levels = Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${`*l${i}, `.repeat(9)}*l${i}]`);
  return `apiVersion: v1\nkind: X\nmetadata: {}\nl0: &l0 [x]\n${levels.join('\n')}\n`;
}
