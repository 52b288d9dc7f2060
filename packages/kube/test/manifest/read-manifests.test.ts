import { describe, expect, it } from 'vitest';
import { formatDiagnostic, type ManifestSet, type ManifestText, readManifests } from '../../src/index.ts';

const policy = (name: string, rest = 'spec: {podSelector: {}}'): string =>
  `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: ${name}, namespace: shop}\n${rest}\n`;

const found = (files: Readonly<Record<string, string>>): ManifestText[] =>
  Object.entries(files).map(([file, text]) => ({ file, text, found: true }));

const namesOf = ({ documents }: ManifestSet): string[] =>
  documents.map(({ object }) => `${object.kind ?? ''} ${object.metadata.name ?? ''}`);

describe('a folder of manifests', () => {
  it('is read but for what is broken, which is said with its place', () => {
    const set = readManifests(
      found({
        'a.yaml': policy('a'),
        'b.yaml': `${policy('b')}---\nkind: Pod\n  apiVersion: v1\n---\n${policy('c')}`,
        'c.json': '{"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "p"},}}',
        'd.yaml': 'apiVersion: v1\nkind: Pod\nmetadata: {labels: {}}\n',
      }),
    );
    expect(namesOf(set)).toEqual(['NetworkPolicy a', 'NetworkPolicy b', 'NetworkPolicy c']);
    expect([...new Set(set.diagnostics.map(({ code, position }) => `${code} ${position?.file ?? ''}:${position?.line ?? ''}`))]).toEqual([
      'yaml-syntax b.yaml:6',
      'yaml-syntax c.json:1',
      'no-name d.yaml:3',
    ]);
  });

  it('is read but for objects whose names would be obeyed by a terminal or by a pipeline that reads the log', () => {
    const set = readManifests(
      found({
        'a.yaml': [policy('"a\\n::error::x"'), policy('"b\\e[31m"'), policy('c').replace('shop', '"s\\u009bm"'), policy('d')].join('---\n'),
      }),
    );
    expect(namesOf(set)).toEqual(['NetworkPolicy d']);
    expect(set.diagnostics.map(({ code, position }) => `${code} ${position?.line ?? ''}`)).toEqual(
      [3, 8, 13].map((line) => `invalid-name ${line}`),
    );
    for (const diagnostic of set.diagnostics) expect(formatDiagnostic(diagnostic)).not.toMatch(/\p{Cc}/u);
    expect(formatDiagnostic(set.diagnostics[0] as never)).toContain('holds characters that cannot be printed: "a\\n::error::x"');
  });

  it('says where a name is no text, and why', () => {
    const { diagnostics } = readManifests(found({ 'a.yaml': 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: y\n' }));
    expect(diagnostics.map(formatDiagnostic)).toEqual([
      'a.yaml:4:3: the name of the Pod is no text (put quotes around it: YAML reads y, no, on, 1 and such as something else) [no-name]',
    ]);
  });

  it('may hold the files of other programs, which are named once', () => {
    const set = readManifests(
      found({
        'compose.yaml': 'services: {web: {image: web}}\n',
        'package.json': '{"name": "x"}',
        'settings.json': '// a comment\n{"a": 1}',
        'list.yaml': '- a\n- b\n',
        'rule.yaml': 'rules: [{kind: x}]\n',
        'a.yaml': policy('a'),
        'shop.weir-test.yaml': 'tests: []\n',
        'more/.weir-lint.yaml': 'kind: [\n',
      }),
    );
    expect(namesOf(set)).toEqual(['NetworkPolicy a']);
    expect(set.diagnostics).toEqual([]);
    expect(set.notices).toEqual(['without Kubernetes objects: compose.yaml, package.json, settings.json and 2 more']);
  });

  it('leaves the templates of a chart out and says how to render them', () => {
    const set = readManifests(
      found({
        'charts/shop/Chart.yaml': 'apiVersion: v2\nname: shop\n',
        'charts/shop/values.yaml': 'kind: prod\n',
        'charts/shop/templates/policy.yaml': policy('{{ .Release.Name }}'),
        'charts/shop/charts/db/Chart.yaml': 'name: db\n',
        'charts/shop/charts/db/templates/p.yaml': '{{ if .x }}\nkind: Pod\n{{ end }}\n',
        'charts/shop/crds/a.yaml': 'apiVersion: x/v1\nkind: X\nmetadata: {name: crd}\n',
      }),
    );
    expect(namesOf(set)).toEqual(['X crd']);
    expect(set.diagnostics).toEqual([]);
    expect(set.notices).toEqual([
      'charts/shop is a Helm chart, whose templates are left out: pipe in what helm template charts/shop prints',
    ]);
  });

  it('leaves the patches of a kustomization out, so that they take no whole object away', () => {
    const set = readManifests(
      found({
        'base\\kustomization.yaml': 'resources: [policy.yaml]\n',
        'base\\policy.yaml': policy('a', 'spec: {podSelector: {matchLabels: {app: web}}}'),
        'prod\\kustomization.yaml': 'resources: [../base]\npatches: [{path: ./more/../patch.yaml, target: {kind: NetworkPolicy}}]\n',
        'prod\\patch.yaml': policy('a', 'spec: {ingress: []}'),
      }),
    );
    expect(set.documents.map(({ object }) => object)).toMatchObject([{ spec: { podSelector: { matchLabels: { app: 'web' } } } }]);
    expect(set.diagnostics).toEqual([]);
    expect(set.notices).toEqual([
      'base is a kustomization, which is not applied: pipe in what kubectl kustomize base prints',
      'prod is a kustomization, which is not applied: pipe in what kubectl kustomize prod prints',
    ]);
  });
});

describe('a text that is named', () => {
  it.each([
    ['values.yaml', 'a: 1\n', 'values.yaml:1:1: the object has no kind (add kind, as a text) [no-kind]'],
    [
      'k/kustomization.yaml',
      'kind: Kustomization\napiVersion: kustomize.config.k8s.io/v1\nmetadata: {}\n',
      'k/kustomization.yaml:1:1: a kustomization is no object, and is not applied here (give the output of: kubectl kustomize k) [unrendered]',
    ],
    [
      't.yaml',
      `# {{ a comment }}\n${policy('{{ .Values.name }}')}`,
      't.yaml:4:18: this is a template and no manifest yet (give the output of helm template, or of what else fills it in) [helm-template]',
    ],
    [
      't.yaml',
      `${policy('a')}{{- if .x }}\nmore: 1\n{{- end }}\n`,
      't.yaml:5:1: this is a template and no manifest yet (give the output of helm template, or of what else fills it in) [helm-template]',
    ],
    [
      'b.yaml',
      'kind: \u0000',
      'b.yaml:1: the file is no text: it has the character "\\u0000" at 6 (save it as UTF-8, or leave it out) [not-text]',
    ],
  ])('must hold objects: %s', (file, text, said) => {
    expect(readManifests([{ file, text }]).diagnostics.map(formatDiagnostic)).toEqual([said]);
  });

  it('may speak of templates in its own texts', () => {
    const rule = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: rules}\ndata:\n  a: |\n    {{ define "x" }}\n    {{ end }}\n  b: "{{ $labels.pod }}"\n`;
    expect(readManifests([{ file: 'r.yaml', text: rule }])).toMatchObject({ documents: [{}], diagnostics: [] });
  });

  it('may have its marks in quotes: in a name or a label they are none of an object', () => {
    const quoted = (metadata: string): string => `apiVersion: v1\nkind: Pod\nmetadata: {${metadata}}\n`;
    const codes = (metadata: string): unknown[] => readManifests(found({ 'a.yaml': quoted(metadata) })).diagnostics.map(({ code }) => code);
    expect(codes('name: "{{ .Release.Name }}-web"')).toEqual(['helm-template']);
    expect(codes('name: web, namespace: "{{ .Release.Namespace }}"')).toEqual(['helm-template']);
    expect(codes('name: web, labels: {app: "{{ .Values.app }}"}')).toEqual(['helm-template']);
    expect(codes('name: web, annotations: {text: "{{ $value }}"}')).toEqual([]);
  });

  it('may have the line ends of Windows', () => {
    const set = readManifests([{ file: 'w.yaml', text: `\uFEFF${policy('a')}---\n${policy('b')}`.replaceAll('\n', '\r\n') }]);
    expect(namesOf(set)).toEqual(['NetworkPolicy a', 'NetworkPolicy b']);
    expect(set.documents[1]?.positionOf('spec').line).toBe(9);
  });
});

describe('an object that is there twice', () => {
  it('is what stands last, and the other is named where it is different', () => {
    const set = readManifests([
      { file: 'a.yaml', text: `${policy('a')}---\n${policy('b')}` },
      { file: 'b.yaml', text: policy('a', 'spec: {podSelector: {matchLabels: {x: y}}}') },
      { file: 'c.yaml', text: policy('b') },
    ]);
    expect(set.documents.map((document) => `${document.object.metadata.name ?? ''} ${document.positionOf('').file}`)).toEqual([
      'a b.yaml',
      'b c.yaml',
    ]);
    expect(set.diagnostics.map(formatDiagnostic)).toEqual([
      'b.yaml:1:1: NetworkPolicy shop/a: it is there twice with different content: this one takes the place of a.yaml:1:1 (keep one of them; kubectl apply leaves what stands last) [duplicate-object]',
    ]);
  });
});
