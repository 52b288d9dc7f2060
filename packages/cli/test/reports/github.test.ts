/** Workflow commands of GitHub Actions: their escapes, and what becomes of more findings than GitHub shows. */
import { describe, expect, it } from 'vitest';
import { githubAnnotations } from '../../src/reports/github.ts';
import type { ReportedFinding } from '../../src/reports/reported-finding.ts';

const finding: ReportedFinding = {
  rule: 'world-open',
  severity: 'warning',
  message: 'everybody may connect',
  action: 'name who may',
  object: 'NetworkPolicy shop/web',
  place: { file: 'web.yaml', line: 8, column: 5, endLine: 8, endColumn: 20 },
};

/** What GitHub reads out of a command, undone by the rules that its runner has. */
function readCommand(line: string): { command: string; properties: Record<string, string>; message: string } {
  const [, command = '', properties = '', message = ''] = /^::(\w+)(?: ([^:]*))?::(.*)$/.exec(line) ?? [];
  const unescaped = (text: string): string => text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
  const pairs = properties.split(',').map((pair) => {
    const at = pair.indexOf('=');
    return [
      pair.slice(0, at),
      unescaped(
        pair
          .slice(at + 1)
          .replaceAll('%3A', ':')
          .replaceAll('%2C', ','),
      ),
    ];
  });
  return { command, properties: Object.fromEntries(pairs) as Record<string, string>, message: unescaped(message) };
}

describe('annotations for GitHub', () => {
  it('name the place, the rule and the object, by level', () => {
    expect(githubAnnotations([finding])).toEqual([
      '::warning file=web.yaml,line=8,endLine=8,col=5,endColumn=20,title=world-open%3A NetworkPolicy shop/web::everybody may connect. Name who may.',
    ]);
    const commands = (['error', 'warning', 'info'] as const).map(
      (severity) => githubAnnotations([{ ...finding, severity }])[0]?.split(' ')[0],
    );
    expect(commands).toEqual(['::error', '::warning', '::notice']);
  });

  it('carry every sign through the escapes of the runner', () => {
    const odd = {
      ...finding,
      message: '100% of a:b, c\r\n::error::no command\n',
      object: 'NetworkPolicy a,b=c:d%3A',
      place: { file: 'x,y:z.yaml', line: 1 },
    };
    const [line = '', ...others] = githubAnnotations([odd]);
    expect(others).toEqual([]);
    expect(line).not.toMatch(/[\r\n]/);
    const { properties, message } = readCommand(line);
    expect(properties).toEqual({ file: 'x,y:z.yaml', line: '1', title: 'world-open: NetworkPolicy a,b=c:d%3A' });
    expect(message.startsWith('100% of a:b, c\r\n::error::no command\n')).toBe(true);
  });

  it('give no columns where a finding goes over several lines, and no file where there is none', () => {
    const long = githubAnnotations([{ ...finding, place: { file: 'web.yaml', line: 8, column: 5, endLine: 9, endColumn: 2 } }])[0] ?? '';
    expect(readCommand(long).properties).toEqual({
      file: 'web.yaml',
      line: '8',
      endLine: '9',
      title: 'world-open: NetworkPolicy shop/web',
    });
    const piped = githubAnnotations([{ ...finding, place: { file: 'standard input', line: 8 } }])[0] ?? '';
    expect(Object.keys(readCommand(piped).properties)).toEqual(['title']);
  });

  it('are ten of a level, the rest plain lines that are no commands', () => {
    const many = Array.from({ length: 12 }, (_, i): ReportedFinding => ({ ...finding, message: `finding ${i}\n::error::no command` }));
    const lines = githubAnnotations([...many, { ...finding, severity: 'error', message: 'worse' }]);
    expect(lines.filter((line) => line.startsWith('::'))).toHaveLength(11);
    expect(lines[0]).toMatch(/^::error .*worse/);
    expect(lines.slice(11)).toEqual([
      '2 more of level warning, without annotations (GitHub keeps 10):',
      '  web.yaml:8: NetworkPolicy shop/web: finding 10 ::error::no command. Name who may. [world-open]',
      '  web.yaml:8: NetworkPolicy shop/web: finding 11 ::error::no command. Name who may. [world-open]',
    ]);
  });

  it('leave out what may stay', () => {
    expect(githubAnnotations([{ ...finding, ignored: { by: 'comment', reason: 'meant' } }])).toEqual([]);
  });
});
