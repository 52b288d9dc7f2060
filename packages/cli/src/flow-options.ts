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
  const sinceMs = sinceOf(options, nowMs);
  return {
    ...text('namespace'),
    ...text('pod'),
    ...text('from'),
    ...text('to'),
    ...(port === undefined ? {} : { port }),
    ...(protocol === undefined ? {} : { protocol }),
    ...(verdict === undefined ? {} : { verdict: verdict === 'denied' ? 'deny' : 'allow' }),
    ...(sinceMs === undefined ? {} : { sinceMs }),
  };
}

/** The moment that `--since` names, in milliseconds since 1970; undefined without it. */
function sinceOf(options: OptionValues, nowMs: number): number | undefined {
  const since = options.text('since');
  if (since === undefined) return undefined;
  if (!/^\d{4}-\d\d-\d\d/.test(since)) return nowMs - parseDuration(since, '--since');
  const moment = Date.parse(since);
  if (Number.isNaN(moment)) throw usageError(`--since is a time such as 10m, or a moment such as 2026-01-31T12:00:00Z, not '${since}'`);
  return moment;
}
