/** The page of a matrix, as a real browser shows it. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { parseManifest } from '@weir/kube';
import { matrixHtml, reportMatrix } from '@weir/matrix';
import { loadSnapshot } from '@weir/snapshot';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { drawMatrix } from '../../src/reports/matrix-picture.ts';

const file = join(import.meta.dirname, '../../../../examples/three-tier/shop.yaml');
const report = reportMatrix(loadSnapshot(parseManifest(readFileSync(file, 'utf8'), 'shop.yaml').documents));
let folder: string;
let page: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weir-page-'));
  page = join(folder, 'matrix.html');
  writeFileSync(page, matrixHtml(report, await drawMatrix(report)));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The connections that are shown, `from → to: traffic`, with the part of the address behind `#`. */
async function shownWith(fragment: string): Promise<string[]> {
  const options = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--disable-extensions'];
  const { stdout } = await promisify(execFile)(
    'chromium',
    [
      ...options,
      `--user-data-dir=${join(folder, 'profile')}`,
      '--virtual-time-budget=10000',
      '--dump-dom',
      `${pathToFileURL(page).href}${fragment}`,
    ],
    { encoding: 'utf8', maxBuffer: 16 * 1024 * 1024, timeout: 120_000 },
  );
  const rows = /<tr>(<td><button[^>]*>([^<]*)<\/button><\/td><td><button[^>]*>([^<]*)<\/button><\/td><td>([^<]*)<\/td>)/g;
  return [...stdout.matchAll(rows)].map(([, , from, to, traffic]) => `${from} → ${to}: ${traffic}`).sort();
}

const told = report.connections.map(({ from, to, traffic }) => ({ from, to, text: `${from} → ${to}: ${traffic}` }));

it('the page of a matrix shows all connections in a browser', async () => {
  expect(await shownWith('')).toEqual(told.map(({ text }) => text).sort());
});

it('the page of a matrix shows those of one end, where its address names one, and those that hold all words of it', async () => {
  const ofBackend = told.filter(({ from, to }) => from === 'shop/backend' || to === 'shop/backend');
  expect(ofBackend.length).toBeGreaterThan(1);
  expect(await shownWith('#shop%2Fbackend')).toEqual(ofBackend.map(({ text }) => text).sort());
  // No name has a percent sign; the page is not stopped by one.
  expect(await shownWith('#50%')).toEqual([]);
  expect(await shownWith('#coredns%20frontend')).toEqual(
    told.flatMap(({ text }) => (text.includes('coredns') && text.includes('frontend') ? [text] : [])).sort(),
  );
});
