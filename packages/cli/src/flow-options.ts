/** The options of commands that look at observed flows: which of them. */
import type { FlowFilter } from '@weir/flows';
import { parseProtocol } from '@weir/net';
import type { OptionValues } from './command.ts';
import { parseDuration } from './duration.ts';
import { usageError } from './exit-code.ts';

/** What the options ask for; a usage error that says what is wrong. */
export function flowFilterOf(options: OptionValues, nowMs: number): FlowFilter {
  const text = (name: 'namespace' | 'pod' | 'from' | 'to'): Partial<FlowFilter> => {
    const value = options.text(name);
    return value === undefined ? {} : { [name]: value };
  };
  const port = options.whole('port', 1);
  const [protocolText, verdict] = [options.text('protocol'), options.text('verdict')];
  const protocol = protocolText === undefined ? undefined : parseProtocol(protocolText);
  if (protocolText !== undefined && protocol === undefined)
    throw usageError(`--protocol is tcp, udp, sctp, icmp, icmpv6 or a number up to 255, not '${protocolText}'`);
  const [sinceMs, untilMs] = [momentOf('since', options, nowMs), momentOf('until', options, nowMs)];
  return {
    ...text('namespace'),
    ...text('pod'),
    ...text('from'),
    ...text('to'),
    ...(port === undefined ? {} : { port }),
    ...(protocol === undefined ? {} : { protocol }),
    ...(verdict === undefined ? {} : { verdict: verdict === 'denied' ? 'deny' : 'allow' }),
    ...(sinceMs === undefined ? {} : { sinceMs }),
    ...(untilMs === undefined ? {} : { untilMs }),
  };
}

/** The moment that the option names, in milliseconds since 1970; undefined without it. */
function momentOf(option: 'since' | 'until', options: OptionValues, nowMs: number): number | undefined {
  const text = options.text(option);
  if (text === undefined) return undefined;
  if (!/^\d{4}-\d\d-\d\d/.test(text)) return nowMs - parseDuration(text, `--${option}`);
  const moment = Date.parse(text);
  if (Number.isNaN(moment)) throw usageError(`--${option} is a time such as 10m, or a moment such as 2026-01-31T12:00:00Z, not '${text}'`);
  return moment;
}
