/** The page of a matrix, as a real browser shows it. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { parseManifest } from '@weir/kube';
import { matrixCauses, matrixHtml, reportMatrix } from '@weir/matrix';
import { loadSnapshot } from '@weir/snapshot';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { drawMatrix } from '../../src/reports/matrix-picture.ts';

const file = join(import.meta.dirname, '../../../../examples/three-tier/shop.yaml');
const snapshot = loadSnapshot(parseManifest(readFileSync(file, 'utf8'), 'shop.yaml').documents);
const report = reportMatrix(snapshot);
let folder: string;
let page: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weir-page-'));
  page = join(folder, 'matrix.html');
  writeFileSync(page, matrixHtml(report, { picture: await drawMatrix(report), causes: matrixCauses(snapshot, report) }));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The page as the browser has it, with the part of the address behind `#`. */
async function pageWith(fragment: string): Promise<string> {
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
  return stdout;
}

/** The connections that are shown, `from → to: traffic`. */
function shownOn(text: string): string[] {
  const end = '<td><button[^>]*>([^<]*)<\\/button><\\/td>';
  const rows = new RegExp(`<tr(?: data-why="[^"]*")?>${end}${end}<td>(?:<button[^>]*>)?([^<]*)<`, 'g');
  return [...text.matchAll(rows)].map(([, from, to, traffic]) => `${from} → ${to}: ${traffic}`).sort();
}

const shownWith = async (fragment: string): Promise<string[]> => shownOn(await pageWith(fragment));

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

it('the page of a matrix shows of one connection which rules decide it at both ends', async () => {
  const text = await pageWith(`#${encodeURIComponent('shop/frontend → shop/backend')}`);
  expect(shownOn(text)).toEqual(told.flatMap((one) => (one.text.startsWith('shop/frontend → shop/backend:') ? [one.text] : [])));
  const [, why = ''] = /<tr class="why"><td[^>]*>(.*?)<\/td>/s.exec(text) ?? [];
  expect(why).toMatch(/^<div>TCP 8081, shop\/frontend → shop\/backend\n/);
  expect(why).toMatch(/\n {2}egress: allowed, rule egress\[0\]\.to\[0\] of NetworkPolicy shop\/frontend \(shop\.yaml:\d+\) matches\n/);
  expect(why).toMatch(
    /\n {2}ingress: allowed, rule ingress\[0\]\.from\[0\] of NetworkPolicy shop\/backend \(shop\.yaml:\d+\) matches<\/div>$/,
  );
  // No other row tells of causes, and none does where an end is chosen.
  expect(text.match(/class="why"/g)).toHaveLength(1);
  expect(await pageWith('#shop%2Fbackend')).not.toContain('class="why"');
});
