import { describe, expect, it } from 'vitest';
import { parseRecording } from './recording.ts';

describe('a recording', () => {
  it('is a list of requests with their headers, bodies and checks', () => {
    const [first, second] = parseRecording(
      [
        '# a remark',
        'User-Agent: one/1',
        '@ a thing',
        'POST /api/v1/things?a=b',
        'Content-Type: application/json',
        '',
        '{"a":1}',
        '=> 201 in the end',
        '/metadata/uid -> uid',
        'header content-type ~ /json/',
        '@ bytes',
        'PUT /x',
        '',
        'hex',
        '6b38 7300',
        '=> 415',
      ].join('\n'),
    );
    expect(first).toMatchObject({ title: 'a thing', method: 'POST', path: '/api/v1/things?a=b', status: 201, isRepeated: true });
    expect(first).toMatchObject({
      body: '{"a":1}',
      checks: [{ at: '/metadata/uid', is: '->', value: 'uid' }, { at: 'header content-type' }],
    });
    expect(second).toMatchObject({ kind: 'request', body: Buffer.from('k8s\0'), checks: [], isRepeated: false });
  });

  it('has events of open watches', () => {
    const [step] = parseRecording('User-Agent: x\n@ it comes\n<= pods ADDED\n/kind = "Pod"\n<= pods in the end DELETED\n<= pods synced');
    const how = step?.kind === 'events' ? step.events.map((event) => `${event.how} ${event.type} ${event.checks.length}`) : [];
    expect(how).toEqual(['next ADDED 1', 'eventual DELETED 0', 'synced synced 0']);
  });

  it.each([
    ['a step without an answer', '@ x\nGET /\n', 'does not say what is answered'],
    ['a check without a pointer', '@ x\nGET /\n=> 200\nkind = "Pod"', 'no check: kind = "Pod"'],
    ['a header without a value', '@ x\nGET /\nAccept\n=> 200', 'no header: Accept'],
  ])('with %s is refused', (_, text, message) => {
    expect(() => parseRecording(`User-Agent: x\n${text}`)).toThrow(message);
  });
});
