import { domainMatcher } from '@weir/model';
import { type Address, defined, formatAddress, parseAddress } from '@weir/net';
import { describe, expect, it } from 'vitest';
import { AnswerTable, addressesOfNameMax } from '../../src/names/answer-table.ts';
import { parseDomainAnswer } from '../../src/names/domain-answer.ts';

const address = (text: string): Address => defined(parseAddress(text), text);
const answer = (name: string, ttlSeconds: number, ...texts: string[]) => ({
  name,
  addresses: texts.map((text) => ({ address: address(text), ttlSeconds })),
});

function members(table: AnswerTable, group: `domain/${string}`): string[] {
  return table.membersOf(group).map(formatAddress);
}

describe('the table of answers', () => {
  it('knows an address for as long as its answer said, and longer when it is said again', () => {
    const table = new AnswerTable();
    table.learn(answer('a.example', 10, '203.0.113.1', '203.0.113.2'), 0);
    table.learn(answer('a.example', 10, '203.0.113.2'), 5_000);
    table.expire(9_999);
    expect(members(table, 'domain/a.example')).toEqual(['203.0.113.1', '203.0.113.2']);
    table.expire(10_000);
    expect(members(table, 'domain/a.example')).toEqual(['203.0.113.2']);
    table.expire(15_000);
    expect(members(table, 'domain/a.example')).toEqual([]);
  });

  it('knows the names of an address for as long as one of them has it', () => {
    const table = new AnswerTable();
    table.learn(answer('b.example', 10, '203.0.113.1'), 0);
    table.learn(answer('a.example', 20, '203.0.113.1', '203.0.113.2'), 0);
    expect(table.namesOf(address('203.0.113.1'))).toEqual(['a.example', 'b.example']);
    table.expire(10_000);
    expect(table.namesOf(address('203.0.113.1'))).toEqual(['a.example']);
    table.expire(20_000);
    expect(table.namesOf(address('203.0.113.1'))).toEqual([]);
  });

  it('never shortens what an earlier answer has promised', () => {
    const table = new AnswerTable();
    table.learn(answer('a.example', 100, '203.0.113.1'), 0);
    table.learn(answer('a.example', 1, '203.0.113.1'), 0);
    table.expire(50_000);
    expect(members(table, 'domain/a.example')).toEqual(['203.0.113.1']);
  });

  it('keeps the 50 addresses of a name that live longest', () => {
    const table = new AnswerTable();
    for (let i = 1; i <= addressesOfNameMax + 10; i++) table.learn(answer('a.example', i, `203.0.113.${i}`), 0);
    expect(members(table, 'domain/a.example')).toEqual(Array.from({ length: 50 }, (_, i) => `203.0.113.${i + 11}`));
  });

  it('forgets the names with the oldest answers when there are too many', () => {
    const table = new AnswerTable();
    for (let i = 0; i <= 10_000; i++) table.learn(answer(`n${i}.example`, 100, '203.0.113.1'), 0);
    expect(members(table, 'domain/n0.example')).toEqual([]);
    expect(members(table, 'domain/n1.example')).toEqual(['203.0.113.1']);
  });

  it('joins the names that fit a pattern', () => {
    const table = new AnswerTable();
    table.learn(answer('a.example', 10, '203.0.113.2'), 0);
    table.learn(answer('b.example', 10, '203.0.113.1', '203.0.113.2'), 0);
    table.learn(answer('a.other', 10, '203.0.113.3'), 0);
    expect(members(table, 'domain/*.example')).toEqual(['203.0.113.1', '203.0.113.2']);
  });
});

describe('a pattern of names', () => {
  it.each([
    ['*.example.com', 'www.example.com', true],
    ['*.example.com', 'example.com', false],
    ['*.example.com', 'a.b.example.com', false],
    ['**.example.com', 'a.b.example.com', true],
    ['**.example.com', 'example.com', false],
    ['sub*.example.com', 'sub.example.com', true],
    ['sub*.example.com', 'subdomain.example.com', true],
    ['sub*.example.com', 'www.example.com', false],
    ['www.example.com', 'wwwxexample.com', false],
    ['*', 'a.b.c', true],
    ['a*b*c.example', 'aXbXbc.example'.toLowerCase(), true],
    ['a*b*c.example', 'axbxbcd.example', false],
  ])('%s and %s: %s', (pattern, name, expected) => {
    expect(domainMatcher(pattern)(name)).toBe(expected);
  });
});

describe('a pattern with many stars', () => {
  it('is answered at once', () => {
    const startedAt = performance.now();
    expect(domainMatcher(`${'a*'.repeat(100)}b.example`)(`${'a'.repeat(63)}.example`)).toBe(false);
    expect(domainMatcher(`${'*a'.repeat(31)}b.example`)(`${'a'.repeat(63)}.example`)).toBe(false);
    // A regular expression would need longer than anybody waits.
    expect(performance.now() - startedAt).toBeLessThan(30_000);
  });
});

describe('an answer from outside', () => {
  it('is read with its name in lower case and without the last dot', () => {
    const read = parseDomainAnswer({ name: 'WWW.Example.com.', addresses: [{ address: '203.0.113.1', ttl: 5 }] });
    expect(read).toEqual({ name: 'www.example.com', addresses: [{ address: address('203.0.113.1'), ttlSeconds: 5 }] });
  });

  it.each([
    [undefined],
    [{}],
    [{ name: 'a b', addresses: [] }],
    [{ name: 'a'.repeat(300), addresses: [] }],
    [{ name: 'a.b', addresses: 'x' }],
    [{ name: 'a.b', addresses: [{ address: 'x', ttl: 1 }] }],
    [{ name: 'a.b', addresses: [{ address: '203.0.113.1', ttl: -1 }] }],
    [{ name: 'a.b', addresses: Array.from({ length: 1_001 }, () => ({ address: '203.0.113.1', ttl: 1 })) }],
  ])('is refused when it is none: %j', (body) => {
    expect(parseDomainAnswer(body)).toHaveProperty('problem');
  });
});
