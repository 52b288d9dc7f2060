import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { createNetns, deleteNetns, inNetns, listNetns, netnsExists, readNetSysctl, setNetSysctls } from '../../src/index.ts';

const made: string[] = [];
const newNetns = (): string => {
  const name = `weirt-${randomBytes(4).toString('hex')}`;
  made.push(name);
  createNetns(name);
  return name;
};
afterEach(() => {
  for (const name of made.splice(0)) deleteNetns(name);
});

describe('a named namespace', () => {
  it('is one that ip(8) sees and can enter', () => {
    const name = newNetns();
    expect(netnsExists(name)).toBe(true);
    expect(listNetns()).toContain(name);
    expect(execFileSync('ip', ['netns', 'exec', name, 'ip', '-o', 'link']).toString()).toContain('lo:');
  });

  it('begins with its loopback interface down', () => {
    expect(execFileSync('ip', ['-n', newNetns(), '-o', 'link', 'show', 'lo']).toString()).toContain('state DOWN');
  });

  it('is gone after its removal, and removing it again is no error', () => {
    const name = newNetns();
    expect(deleteNetns(name)).toBe(true);
    expect(deleteNetns(name)).toBe(false);
    expect(listNetns()).not.toContain(name);
  });

  it('refuses a name that is taken and leaves the first one alone', () => {
    const name = newNetns();
    expect(() => createNetns(name)).toThrow(expect.objectContaining({ code: 'EEXIST' }));
    expect(netnsExists(name)).toBe(true);
  });

  it('keeps kernel parameters of its own', () => {
    const name = newNetns();
    const before = readNetSysctl('/proc/self/ns/net', 'ipv4/ip_default_ttl');
    setNetSysctls(name, { 'ipv4/ip_default_ttl': '77' });
    expect(readNetSysctl(name, 'ipv4/ip_default_ttl')).toBe('77');
    expect(readNetSysctl('/proc/self/ns/net', 'ipv4/ip_default_ttl')).toBe(before);
  });
});

describe('a section inside a namespace', () => {
  const here = (): string => readlinkSync('/proc/thread-self/ns/net');

  it('runs there and comes back', () => {
    const name = newNetns();
    const home = here();
    const inside = inNetns(name, here);
    expect(inside).not.toBe(home);
    expect(here()).toBe(home);
  });

  it('comes back after an exception', () => {
    const name = newNetns();
    const home = here();
    expect(() =>
      inNetns(name, () => {
        throw new Error('inside');
      }),
    ).toThrow('inside');
    expect(here()).toBe(home);
  });

  it('gives its child processes the namespace', () => {
    const name = newNetns();
    const inside = inNetns(name, here);
    expect(inNetns(name, () => execFileSync('readlink', ['/proc/self/ns/net']).toString().trim())).toBe(inside);
  });

  it('says that a namespace does not exist', () => {
    expect(() => inNetns('weirt-none', () => 1)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });
});
