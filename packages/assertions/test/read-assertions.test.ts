import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assertionFileSchema, readAssertions } from '@weir/assertions';
import { formatDiagnostic } from '@weir/kube';
import { describe, expect, it } from 'vitest';

const wrong = (text: string): string[] => readAssertions(text, 'a.weir-test.yaml').diagnostics.map(formatDiagnostic);
const test = (fields: string): string => `tests:\n- ${fields}\n`;

describe('a file of assertions', () => {
  it('is read with manifests, engines, names for ends, and the place of each assertion', () => {
    const { files, diagnostics } = readAssertions(
      `manifests: [a.yaml, b]
profile: [azure, cilium]
podRange: 10.244.0.0/16
ends:
  clients: [shop/web, { namespace: tools }]
tests:
- from: clients
  to: shop/db
  ports: [80, 53/udp, 8000-8080, http, icmp/3/4]
  expect: deny
- { name: nobody, to: shop/db, onlyFrom: [] }
`,
      'a.weir-test.yaml',
    );
    expect(diagnostics).toEqual([]);
    expect(files).toMatchObject([
      {
        manifests: ['a.yaml', 'b'],
        profiles: ['azure', 'cilium'],
        assertions: [
          {
            name: 'clients → shop/db on TCP 80, UDP 53, TCP 8000-8080, TCP http, ICMP type 3 code 4: deny',
            position: { file: 'a.weir-test.yaml', line: 7, column: 3 },
          },
          { name: 'nobody', claim: { kind: 'only', direction: 'ingress', peers: [] }, position: { line: 11 } },
        ],
      },
    ]);
    expect(files[0]?.ends.get('clients')?.map(({ text }) => text)).toEqual(['shop/web', 'pods of tools']);
  });

  it('is JSON as well, and of several documents', () => {
    expect(readAssertions('{"tests":[{"from":"a/b","to":"a/c","expect":"allow"}]}', 'a.json').files[0]?.assertions).toHaveLength(1);
    expect(
      readAssertions(`${test('{ from: a/b, to: a/c, expect: allow }')}---\n${test('{ from: a/b, to: a/d, expect: deny }')}`, 'a').files,
    ).toHaveLength(2);
  });

  it('tells where labels of a selector stand', () => {
    expect(wrong(`tests:\n- { from: { namespace: shop, podSelector: { app: web } }, to: a/c, expect: allow }\n`)).toEqual([
      'a.weir-test.yaml:2:45: tests[0].from.podSelector.app: there is no field app here (labels stand below matchLabels: { app: … }, as in policies) [assertion-form]',
    ]);
  });

  it('names every mistake with its place, all of them at once', () => {
    expect(
      wrong(`manifest: a.yaml
tests:
- from: shop/web
  too: shop/db
  expect: alow
- { from: a/b, to: a/c, port: 99999, expect: allow }
- { from: a/b, to: a/c, ports: [http://], expect: allow }
- { from: { namespase: shop }, to: a/c, expect: allow }
- { from: { labels: { app: on } }, to: a/c, expect: allow }
`),
    ).toEqual(['a.weir-test.yaml:1:1: manifest: there is no field manifest here (did you mean manifests?) [assertion-form]']);
    expect(
      wrong(`tests:
- from: shop/web
  too: shop/db
  expect: alow
- { from: a/b, to: a/c, port: 99999, expect: allow }
- { from: a/b, to: a/c, ports: [http://], expect: allow }
- { from: { namespase: shop }, to: a/c, expect: allow }
- { from: { labels: { app: on } }, to: a/c, expect: allow }
- { to: a/c, onlyFrom: [{ port: 80 }] }
`),
    ).toEqual([
      'a.weir-test.yaml:2:3: tests[0].to: the field is missing (correct the field; the form is in docs/test.md) [assertion-form]',
      'a.weir-test.yaml:4:3: tests[0].expect: it is one of allow, deny, unknown, not "alow" (correct the field; the form is in docs/test.md) [assertion-form]',
      'a.weir-test.yaml:3:3: tests[0].too: there is no field too here (did you mean to?) [assertion-form]',
      'a.weir-test.yaml:5:25: tests[1].port: it is at most 65535 (correct the field; the form is in docs/test.md) [assertion-form]',
      'a.weir-test.yaml:6:33: tests[2].ports[0]: "http://" is no port (write 80, 53/UDP, 8000-8080, the name of a port, icmp or icmp/8) [assertion-form]',
      'a.weir-test.yaml:7:13: tests[3].from.namespase: there is no field namespase here (did you mean namespace?) [assertion-form]',
      'a.weir-test.yaml:8:23: tests[4].from.labels.app: it is true, and a string stands here (correct the field; the form is in docs/test.md) [assertion-form]',
      'a.weir-test.yaml:9:25: tests[5].onlyFrom[0]: it says of no end (add end, or what the pods are) [assertion-form]',
    ]);
  });

  it('is refused when it asserts nothing', () => {
    expect(wrong('')).toEqual(['a.weir-test.yaml:1: there are no assertions (write tests: with a list of assertions) [assertion-form]']);
    expect(wrong('tests: []')[0]).toContain('tests: it is empty');
    expect(wrong('tests: [')[0]).toContain('[yaml-syntax]');
    expect(readAssertions(`${test('{ from: a/b, to: a/c, expect: allow }')}---\nnothing: here`, 'a').files).toEqual([]);
  });
});

describe('the form for editors', () => {
  it('is what docs/schemas has; weir test --schema prints it', () => {
    const page = join(import.meta.dirname, '..', '..', '..', 'docs', 'schemas', 'test-file.schema.json');
    expect(JSON.parse(readFileSync(page, 'utf8'))).toEqual(assertionFileSchema());
  });
});
