import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseManifest } from '@weir/kube';
import { type MatrixConnection, type MatrixReport, matrixHtml, reportMatrix } from '@weir/matrix';
import { defined } from '@weir/net';
import { loadSnapshot } from '@weir/snapshot';
import { SaxesParser } from 'saxes';
import { describe, expect, it } from 'vitest';
import { drawMatrix } from '../../src/reports/matrix-picture.ts';

const file = join(import.meta.dirname, '../../../../examples/three-tier/shop.yaml');
const report = reportMatrix(loadSnapshot(parseManifest(readFileSync(file, 'utf8'), 'shop.yaml').documents));

async function svgOf(drawn: MatrixReport): Promise<string> {
  return (await drawMatrix(drawn)).svg;
}

/** The lines of a picture as an XML parser finds them: the ids of both ends, and what is written at the line. */
function linesOf(svg: string): string[] {
  const lines: string[] = [];
  let title = '';
  let text = '';
  const parser = new SaxesParser({});
  parser.on('opentag', () => (text = ''));
  parser.on('text', (part) => (text += part));
  parser.on('closetag', ({ name }) => {
    if (name === 'title') title = text;
    if (name === 'text' && title.includes('->')) lines.push(`${title} ${text.replaceAll('\u00a0', ' ')}`);
  });
  parser.write(svg).close();
  return lines.sort();
}

describe('the picture of a matrix', () => {
  it('has a line for each connection, with its traffic', async () => {
    const id = (name: string): string => `n${report.ends.findIndex((end) => end.name === name) + 1}`;
    expect(report.connections.length).toBeGreaterThan(2);
    expect(linesOf(await svgOf(report))).toEqual(
      report.connections.map(({ from, to, traffic }) => `${id(from)}->${id(to)} ${traffic}`).sort(),
    );
  });

  it('takes every text as it is', async () => {
    const [row] = report.connections;
    const traffic = '&lt; "\\N" <b>';
    const svg = await svgOf({ ...report, connections: [{ ...defined(row, 'a connection'), traffic }] });
    expect(linesOf(svg).map((line) => line.slice(line.indexOf(' ') + 1))).toEqual([traffic]);
  });

  it('is of namespaces, with the number of connections, where nobody could read one of all ends', async () => {
    const many = Array.from({ length: 601 }, (): MatrixConnection => {
      const { from, to } = defined(
        report.connections.find((one) => one.from === 'shop/frontend' && one.to === 'shop/backend'),
        'a connection',
      );
      return { ...defined(report.connections[0], 'a connection'), from, to };
    });
    const picture = await drawMatrix({ ...report, connections: many });
    expect(picture.about).toContain('601 connections are too many for a picture of all ends');
    expect(linesOf(picture.svg).map((line) => line.replace(/^n\d+->n\d+ /, ''))).toEqual(['601']);
    expect(picture.svg).toContain('namespace shop');
    expect(matrixHtml(report, { picture })).toContain('601 connections are too many for a picture');
  });
});
