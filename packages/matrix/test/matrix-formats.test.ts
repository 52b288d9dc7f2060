import { createHash } from 'node:crypto';
import { parseManifest } from '@weir/kube';
import { defined } from '@weir/net';
import { loadSnapshot } from '@weir/snapshot';
import { generateWorld } from '@weir/testkit';
import { describe, expect, it } from 'vitest';
import { nameWithin } from '../src/formats/matrix-graph.ts';
import { type MatrixReport, matrixCsv, matrixDot, matrixHtml, matrixMarkdown, matrixMermaid, reportMatrix } from '../src/index.ts';
import { snapshotOfWorld } from './world-snapshot.ts';

const worlds = [9200, 9201, 9202].map((seed) => reportMatrix(snapshotOfWorld(generateWorld(seed))));

/** One text a row: the verdict, both ends, the traffic, sorted. */
function rowsOf({ connections, unknown }: MatrixReport): string[] {
  return [
    ...connections.map(({ from, to, traffic }) => `allow ${from} → ${to}: ${traffic}`),
    ...unknown.map(({ from, to, traffic }) => `unknown ${from} → ${to}: ${traffic}`),
  ].sort();
}

function fieldsOf(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  );
}

function unescaped(cell: string): string {
  return cell.replaceAll(/\\([\\|<>*_`[\]])/g, '$1');
}

/** The full names of the nodes of a graph by their ids, checked against what is written in their boxes. */
function checkedNames(
  report: MatrixReport,
  labels: ReadonlyMap<string, { readonly label: string; readonly box: string | undefined }>,
): Map<string, string> {
  expect(labels.size).toBe(report.ends.length);
  return new Map(
    report.ends.map((end, at) => {
      const { label, box } = labels.get(`n${at + 1}`) ?? { label: 'missing', box: undefined };
      expect(label).toBe(nameWithin(end, box));
      return [`n${at + 1}`, end.name];
    }),
  );
}

function withoutFamily(label: string): string {
  return label.replace(/ over IPv[46]( and IPv6)?$/, '');
}

describe.each(worlds.map((report, i) => [i, report] as const))(
  'of matrix %i every format tells the connections of its JSON:',
  (_, report) => {
    it('CSV', () => {
      const [, ...lines] = matrixCsv(report).trimEnd().split('\r\n');
      const told = lines
        .map(fieldsOf)
        .flatMap(([from, to, traffic, , verdict, , kind]) => (kind === 'connection' ? [`${verdict} ${from} → ${to}: ${traffic}`] : []));
      expect(told.sort()).toEqual(rowsOf(report));
    });

    it('Markdown', () => {
      let verdict = 'allow';
      const told = matrixMarkdown(report)
        .split('\n')
        .flatMap((line) => {
          if (line.startsWith('### ')) verdict = line === '### Not known' ? 'unknown' : 'allow';
          const cells = line.split(/(?<!\\)\|/).map((cell) => unescaped(cell.trim()));
          const [, from, to, traffic] = cells;
          if (!line.startsWith('| ') || from === 'From' || from === '---') return [];
          return [`${verdict} ${from} → ${to}: ${traffic}`];
        });
      expect(told.sort()).toEqual(rowsOf(report));
    });

    it('HTML', () => {
      const page = matrixHtml(report);
      const end = '<td><button type="button" class="end">(.*?)</button></td>';
      const told = [...page.matchAll(new RegExp(`<tr( class="unknown")?>${end}${end}<td>(.*?)</td><td>`, 'g'))].map(
        ([, unknown, from, to, traffic]) => `${unknown === undefined ? 'allow' : 'unknown'} ${from} → ${to}: ${traffic}`,
      );
      expect(told.sort()).toEqual(rowsOf(report));
      // It is one file: nothing is loaded from elsewhere.
      expect(page).not.toMatch(/(src|href)=|url\(|@import/);
    });

    it('DOT', () => {
      const labels = new Map<string, { label: string; box: string | undefined }>();
      const edges: { from: string; to: string; label: string; verdict: string }[] = [];
      let box: string | undefined;
      for (const line of matrixDot(report).split('\n')) {
        const [, title] = /^\s+label="(.*)";$/.exec(line) ?? [];
        if (title !== undefined) box = title;
        if (/^ {2}\}$/.test(line)) box = undefined;
        const [, id, label] = /^\s+(n\d+) \[label="(.*)", shape=\w+\];$/.exec(line) ?? [];
        if (id !== undefined && label !== undefined) labels.set(id, { label, box });
        const [, from, to, traffic, dashed] = /^\s+(n\d+) -> (n\d+) \[label="(.*?)"(, style=dashed)?\];$/.exec(line) ?? [];
        if (from !== undefined && to !== undefined && traffic !== undefined)
          edges.push({ from, to, label: traffic, verdict: dashed === undefined ? 'allow' : 'unknown' });
      }
      const names = checkedNames(report, labels);
      expect(
        edges.map(({ from, to, label, verdict }) => `${verdict} ${names.get(from)} → ${names.get(to)}: ${withoutFamily(label)}`).sort(),
      ).toEqual(rowsOf(report));
    });

    it('Mermaid', () => {
      const labels = new Map<string, { label: string; box: string | undefined }>();
      const edges: { from: string; to: string; label: string; verdict: string }[] = [];
      let box: string | undefined;
      for (const line of matrixMermaid(report).split('\n')) {
        const [, title] = /^\s+subgraph s\d+\["(.*)"\]$/.exec(line) ?? [];
        if (title !== undefined) box = title;
        if (/^\s+end$/.test(line)) box = undefined;
        const [, id, label] = /^\s+(n\d+)[[(]+"(.*)"[\])]+$/.exec(line) ?? [];
        if (id !== undefined && label !== undefined) labels.set(id, { label, box });
        const [, from, arrow, traffic, to] = /^\s+(n\d+) (-->|-\.->)\|"(.*)"\| (n\d+)$/.exec(line) ?? [];
        if (from !== undefined && to !== undefined && traffic !== undefined)
          edges.push({ from, to, label: traffic, verdict: arrow === '-->' ? 'allow' : 'unknown' });
      }
      const names = checkedNames(report, labels);
      expect(
        edges.map(({ from, to, label, verdict }) => `${verdict} ${names.get(from)} → ${names.get(to)}: ${withoutFamily(label)}`).sort(),
      ).toEqual(rowsOf(report));
    });
  },
);

it('the page lets no script and no style be but its own', () => {
  const page = matrixHtml(defined(worlds[0], 'a world'));
  for (const name of ['style', 'script']) {
    const [, text = ''] = new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(page) ?? [];
    expect(text.length).toBeGreaterThan(100);
    expect(page).toContain(`${name}-src 'sha256-${createHash('sha256').update(text).digest('base64')}'`);
  }
});

describe('ways into the cluster', () => {
  const report = reportMatrix(
    loadSnapshot(
      parseManifest(
        `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec: { template: { metadata: { labels: { app: web } }, spec: { containers: [{ name: c }] } } }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { type: LoadBalancer, selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }
`,
        'web.yaml',
      ).documents,
    ),
  );

  it('are drawn to the pods behind their service, with whom policies let in', () => {
    const [way] = report.entryPoints;
    expect(way?.admitted).toEqual(['0.0.0.0/0']);
    expect(matrixDot(report)).toContain('e1 [label="LoadBalancer shop/web", shape=house];');
    expect(matrixDot(report)).toContain('e1 -> n1 [label="TCP 8080, lets in 0.0.0.0/0"];');
    expect(matrixMermaid(report)).toContain('e1 ==>|"TCP 8080, lets in 0.0.0.0/0"| n1');
  });

  it('are lines of the CSV, behind the connections and the services', () => {
    const lines = matrixCsv(report).trimEnd().split('\r\n').slice(1).map(fieldsOf);
    expect(lines.map((cells) => cells[6]).filter((kind, at, all) => kind !== all[at - 1])).toEqual([
      'connection',
      'service',
      'entry point',
    ]);
    const [from, to, traffic, , verdict] = lines.at(-1) ?? [];
    expect([from, to, traffic, verdict]).toEqual(['0.0.0.0/0 through LoadBalancer shop/web', 'service shop/web 80/TCP', 'TCP 80', 'allow']);
  });

  it('are text to spreadsheets, whatever they begin with', () => {
    const [row] = report.connections;
    const odd = { ...report, connections: row === undefined ? [] : [{ ...row, from: '=1+1' }] };
    expect(fieldsOf(matrixCsv(odd).split('\r\n')[1] ?? '')[0]).toBe("'=1+1");
  });
});
