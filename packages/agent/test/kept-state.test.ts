/** What must outlive the process: attachments and accepted policies on disk. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NetworkPolicy } from '@weir/kube';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AcceptedPolicyStore } from '../src/sources/accepted-policy-store.ts';
import { type Attachment, AttachmentStore, parseAttachment } from '../src/start-gate/attachment.ts';

const body = { uid: 'u-1', namespace: 'demo', name: 'a', interface: 'weir0', addresses: ['10.0.0.1', 'fd00::1'] };

function attachment(change: object = {}): Attachment {
  const parsed = parseAttachment({ ...body, ...change });
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed;
}

describe('what an agent keeps on disk', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'weirt-state-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it.each<[string, unknown]>([
    ['nothing', null],
    ['a text', 'x'],
    ['no uid', { ...body, uid: undefined }],
    ['a name with a line end', { ...body, name: 'a\n' }],
    ['an interface name that the kernel would not take', { ...body, interface: 'sixteen-letters-' }],
    ['no address', { ...body, addresses: [] }],
    ['an address that is none', { ...body, addresses: ['10.0.0'] }],
    ['two addresses of one family', { ...body, addresses: ['10.0.0.1', '10.0.0.2'] }],
    ['three addresses', { ...body, addresses: ['10.0.0.1', 'fd00::1', 'fd00::2'] }],
  ])('is no attachment: %s', (_, value) => {
    expect(parseAttachment(value)).toHaveProperty('problem');
  });

  it('holds attachments over a restart, in files for root alone', () => {
    const store = new AttachmentStore(join(directory, 'state'));
    store.set(attachment());
    store.set(attachment({ uid: 'u-2', interface: 'weir1', addresses: ['10.0.0.2'] }));
    store.delete('u-2');
    store.delete('u-3');
    const next = new AttachmentStore(join(directory, 'state'));
    expect(next.damage).toBeUndefined();
    expect(next.all()).toEqual([attachment()]);
    expect(statSync(join(directory, 'state')).mode & 0o777).toBe(0o700);
    expect(statSync(join(directory, 'state', 'attachments.json')).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(directory, 'state'))).toEqual(['attachments.json']);
  });

  it('says what is damaged and keeps what can be read', () => {
    writeFileSync(join(directory, 'attachments.json'), JSON.stringify([{ ...body, addresses: ['?'] }, body]));
    const store = new AttachmentStore(directory);
    expect(store.damage).toContain('addresses');
    expect(store.size).toBe(1);
    writeFileSync(join(directory, 'attachments.json'), '[{"uid"');
    expect(new AttachmentStore(directory).damage).toContain('JSON');
    writeFileSync(join(directory, 'attachments.json'), '{}');
    expect(new AttachmentStore(directory).damage).toBe('the file holds no list');
  });

  it('holds accepted policies, written when there is something new, whole or not at all', () => {
    const lines: string[] = [];
    const log = pino({}, { write: (line: string) => void lines.push(line) });
    let policies: NetworkPolicy[] = [{ metadata: { name: 'p', namespace: 'demo' }, spec: { podSelector: {} } }];
    const store = new AcceptedPolicyStore(directory, log, () => policies);
    expect(store.load()).toEqual([]);
    store.flush();
    expect(readdirSync(directory)).toEqual([]);
    store.changed();
    store.flush();
    expect(new AcceptedPolicyStore(directory, log, () => []).load()).toEqual(policies);
    const { ino } = statSync(join(directory, 'accepted-policies.json'));
    store.changed();
    store.flush();
    expect(statSync(join(directory, 'accepted-policies.json')).ino).toBe(ino);
    policies = [];
    store.changed();
    store.flush();
    expect(readFileSync(join(directory, 'accepted-policies.json'), 'utf8')).toBe('[]');
    expect(lines).toEqual([]);
  });

  it.each(['{', '{}', '[null]', '[{"metadata":7}]'])('reports a damaged file of policies and starts without it: %s', (text) => {
    const lines: string[] = [];
    writeFileSync(join(directory, 'accepted-policies.json'), text);
    const log = pino({}, { write: (line: string) => void lines.push(line) });
    expect(new AcceptedPolicyStore(directory, log, () => []).load()).toEqual([]);
    expect(lines.join('')).toContain('damaged');
  });
});
